import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { loadConfig, type RunningService, serve, silentLog } from '../../service/index.ts'
import { CliError } from '../cli-error.ts'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { shortPath } from '../rules/find-rule-files.ts'
import { alertLine } from '../terminal/alert-line.ts'
import { counted } from '../terminal/problems.ts'
import { followAlerts } from './alert-feed.ts'
import { demoConfig } from './demo-config.ts'
import { readDemoRules, sendMissingRules } from './demo-rules.ts'
import { DEMO_RATE, DemoWorld } from './generator.ts'
import { type Publisher, startPublisher } from './publisher.ts'
import { resumeTime } from './resume.ts'

export interface DemoOptions {
  readonly dataDir: string
  /** Forget earlier runs. */
  readonly fresh: boolean
  readonly seed: string
  readonly rate?: number
  readonly port?: number
  readonly natsPort?: number
  /** Ends by itself after this long; default: at Ctrl-C. */
  readonly forMs?: number
}

const HTTP_PORT = 8080
const NATS_PORT = 4222

/** Runs the demo until it is told to stop, and ends everything that it started. */
export async function runDemo(context: CommandContext, options: DemoOptions): Promise<void> {
  const { terminal, signal } = context
  const dataDir = resolve(options.dataDir)
  if (options.fresh) rmSync(dataDir, { recursive: true, force: true })
  const done = (text: string): void => terminal.print(`${terminal.style('green', '✓')} ${text}`)

  const rules = readDemoRules()
  const service = await serve(await configOf(dataDir, options), {
    log: silentLog,
    say: (line) => terminal.print(terminal.style('dim', `  ${line}`)),
  })
  const stops: Array<() => Promise<unknown>> = [() => service.stop()]
  try {
    done(`NATS with JetStream on ${service.natsUrl}`)
    const client = new ApiClient({ server: service.url, environment: {} })
    const sent = await sendMissingRules(client, rules)
    const kept = rules.rules.length - sent
    done(
      `${counted(rules.rules.length, 'rule')}${kept > 0 ? ` (${kept} from the last run)` : ''}, all ${rules.tests} tests in them pass`,
    )
    done(`API on ${service.url}   (try: curl ${service.url}/v1/alerts)`)
    const connection = await connect({ servers: service.natsUrl, name: 'sequitur demo events' })
    stops.push(() => connection.close())
    const now = Date.now()
    const resumeAt = await resumeTime(await jetstreamManager(connection), 'SEQUITUR_INPUT', now)
    let alerts = 0
    const feed = await followAlerts(connection, (alert) => {
      alerts += 1
      terminal.print(alertLine(terminal, alert, Date.now()))
    })
    stops.push(() => feed.stop())
    const world = new DemoWorld({
      seed: options.seed,
      rate: options.rate ?? DEMO_RATE,
      now,
      ...(resumeAt === undefined ? {} : { resumeAt }),
    })
    done(
      resumeAt === undefined
        ? 'events of four months pass in ten seconds, those of today in less than a minute; then by the clock'
        : `going on from the last run, kept in ${shortPath(dataDir)}`,
    )
    terminal.print('')
    const publisher = startPublisher(connection, world)
    await untilTold(service, signal, options.forMs)
    terminal.print('')
    terminal.note('Stopping …')
    await publisher.stop()
    await report(client, terminal.note, publisher, alerts)
  } finally {
    for (const stop of stops.toReversed()) await stop().catch(() => undefined)
  }
  terminal.note(
    `Everything is stopped. The data stays in ${shortPath(dataDir)}: the next start goes on from it.`,
  )
}

async function configOf(dataDir: string, options: DemoOptions) {
  const ports = {
    http: options.port ?? HTTP_PORT,
    // Whoever has a NATS here already keeps its port.
    nats: options.natsPort ?? ((await isFree(NATS_PORT)) ? NATS_PORT : 0),
  }
  // The demo has its own configuration: what lies in the working folder or the environment is about something else.
  const config = loadConfig({
    environment: {},
    workingFolder: dataDir,
    overrides: demoConfig(dataDir, ports),
  })
  if (config.ok) return config.value
  throw new CliError('bad-option', 'the demo cannot be configured so', {
    exitCode: EXIT.usage,
    problems: config.problems,
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const probe = createServer()
    probe.once('error', () => settle(false))
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => settle(true)))
  })
}

/** Until Ctrl-C, the time is over, or a part of the service ended by itself, which is an error. */
async function untilTold(
  service: RunningService,
  signal: AbortSignal,
  forMs: number | undefined,
): Promise<void> {
  const told = new Promise<void>((settle) => {
    if (signal.aborted) settle()
    else signal.addEventListener('abort', () => settle(), { once: true })
  })
  const over = new AbortController()
  const timer =
    forMs === undefined ? [] : [sleep(forMs, undefined, { signal: over.signal }).catch(() => undefined)]
  await Promise.race([told, service.done, ...timer])
  over.abort()
}

interface Counters {
  readonly events: number
  readonly processed: number
  readonly late: number
  readonly deadLettered: number
}

/** What came in and what became of it: nothing is unaccounted for. */
async function report(
  client: ApiClient,
  say: (text: string) => void,
  { counts }: Publisher,
  alerts: number,
): Promise<void> {
  const status = await client
    .json<{ partitions: ReadonlyArray<{ counters?: Counters }> }>('/v1/status')
    .catch(() => undefined)
  const lost = counts.failed === 0 ? '' : `, ${counts.failed} not confirmed by the broker`
  say(
    `${counted(counts.published, 'event')} published (${counts.duplicates} of them twice)${lost}, ${counted(alerts, 'alert')} seen`,
  )
  const counters = status?.partitions[0]?.counters
  if (counters === undefined) return
  const { events, processed, late, deadLettered } = counters
  say(
    `Of ${events} events in the log so far: ${processed} processed, ${late} late, ${deadLettered} dead-lettered`,
  )
}
