import { type ChildProcess, spawn } from 'node:child_process'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '../../service-error.ts'
import { isAtLeast } from '../connect.ts'
import type { FoundServer } from './find.ts'

export interface EmbeddedOptions {
  readonly server: FoundServer
  /** Holds the store, the configuration, the log and the pid file. */
  readonly folder: string
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Wait for the disk at every message: slower for single publishers, and nothing acknowledged is lost by a power cut. */
  readonly syncAlways?: boolean
}

export interface EmbeddedServer {
  readonly url: string
  readonly pid: number
  readonly version: string
  /** Resolves when the server has ended, whoever ended it. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

const READY_MS_MAX = 20_000
const STOP_MS_MAX = 8_000

/** Starts a nats-server with JetStream and waits until it answers. An orphan of an earlier run of the same folder is ended first. */
export async function startEmbeddedServer(options: EmbeddedOptions): Promise<EmbeddedServer> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const pidFile = join(options.folder, 'nats-server.pid')
  await endOrphan(pidFile, options.folder)
  const port = options.port === 0 ? await freePort(options.host) : options.port
  const configuration = join(options.folder, 'nats-server.conf')
  writeFileSync(configuration, configurationText({ ...options, port, pidFile }), { mode: 0o600 })
  const child = spawn(options.server.path, ['-c', configuration], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const logFile = join(options.folder, 'nats-server.log')
  // One log a start: what it says about readiness is about this server and no earlier one.
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  const log = createWriteStream(logFile)
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const ended = new Promise<void>((resolve) => child.once('close', () => log.end(() => resolve())))
  const killWithParent = () => child.kill('SIGTERM')
  process.once('exit', killWithParent)
  child.once('exit', () => process.removeListener('exit', killWithParent))
  try {
    await untilReady(child, { host: options.host, port, logFile })
  } catch (error) {
    child.kill('SIGKILL')
    process.removeListener('exit', killWithParent)
    throw error
  }
  return {
    url: `nats://${options.host}:${port}`,
    pid: child.pid ?? 0,
    version: options.server.version,
    ended,
    stop: async () => {
      process.removeListener('exit', killWithParent)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const slow = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await ended
      clearTimeout(slow)
      rmSync(pidFile, { force: true })
    },
  }
}

function configurationText(options: EmbeddedOptions & { readonly pidFile: string }): string {
  const sync =
    isAtLeast(options.server.version, [2, 10, 0]) && options.syncAlways !== false
      ? '  sync_interval: always\n'
      : ''
  return `# Written at every start.
host: ${JSON.stringify(options.host)}
port: ${options.port}
pid_file: ${JSON.stringify(options.pidFile)}
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(join(options.folder, 'store'))}
${sync}}
`
}

async function untilReady(
  child: ChildProcess,
  at: { readonly host: string; readonly port: number; readonly logFile: string },
): Promise<void> {
  const since = performance.now()
  while (performance.now() - since < READY_MS_MAX) {
    if (child.exitCode !== null)
      throw new ServiceError(
        'nats-server-failed',
        `nats-server ended with code ${child.exitCode} while starting: ${lastLine(at.logFile)}`,
        {
          hint: `see ${at.logFile}`,
        },
      )
    if (lastLines(at.logFile).some((line) => line.includes('Server is ready'))) return
    await sleep(20)
  }
  throw new ServiceError('nats-server-failed', `nats-server was not ready within ${READY_MS_MAX / 1000} s`, {
    hint: `see ${at.logFile}`,
  })
}

function lastLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

const lastLine = (file: string): string =>
  lastLines(file).findLast((line) => /\[(FTL|ERR)\]/.test(line)) ?? 'no reason given'

async function endOrphan(pidFile: string, folder: string): Promise<void> {
  let pid: number
  try {
    pid = Number(readFileSync(pidFile, 'utf8'))
  } catch {
    return
  }
  if (!Number.isInteger(pid) || pid <= 1 || !runsFrom(pid, folder)) return
  process.kill(pid, 'SIGTERM')
  for (let tries = 0; tries < 100 && runsFrom(pid, folder); tries += 1) await sleep(50)
  if (runsFrom(pid, folder)) process.kill(pid, 'SIGKILL')
}

/** Whether the pid is a nats-server of this folder, and not a stranger that got the number since. */
function runsFrom(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(folder, 'nats-server.conf'))
  } catch {
    return false
  }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, host, () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      )
    })
  })
}
