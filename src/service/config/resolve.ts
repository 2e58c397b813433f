import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type CodegenSetting, failure, type Problem, type Result, success } from '../../engine/index.ts'
import { isReservedSubject } from '../subjects.ts'
import { checkApprovals, type RawApprovals, resolveApprovals } from './approvals.ts'
import { checkAuth, type RawAuth, resolveAuth } from './auth.ts'
import type { PlaceOf } from './check.ts'
import type { Add } from './codes.ts'
import type { Config, LogLevel } from './config.ts'
import { shownDocument } from './describe.ts'
import { isLoopback } from './loopback.ts'
import { HIDDEN, Secret } from './secret.ts'
import { durationOf, sizeOf } from './units.ts'
import { checkWebhooks, type RawWebhooks, resolveWebhooks } from './webhooks.ts'

/** The document after the schema check: defaults are filled in, units are still text. */
export interface RawConfig {
  readonly dataDir: string
  readonly nats: {
    readonly url?: string
    readonly credsFile?: string
    readonly user?: string
    readonly password?: string
    readonly passwordFile?: string
    readonly token?: string
    readonly tokenFile?: string
    readonly inboxPrefix?: string
    readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
    readonly embedded: { readonly host: string; readonly port: number; readonly serverPath?: string }
  }
  readonly input: {
    readonly stream: string
    readonly subjects: readonly string[]
    readonly sourceStreams: ReadonlyArray<{ readonly stream: string; readonly filter?: string }>
    readonly inPlace: boolean
    readonly retention: string
    readonly bytesMax: string
  }
  readonly sources: ReadonlyArray<{
    readonly name?: string
    readonly subject: string
    readonly timestamp?: string
    readonly unit: 'ms' | 's'
    readonly lateness: string
    readonly maxAhead: string
    readonly idle: string
  }>
  readonly partitions: number
  readonly commitInterval: string
  readonly http: {
    readonly host: string
    readonly port: number
    readonly workerPort: number
    readonly bodyMax: string
    readonly eventsBodyMax: string
    readonly requestTimeout: string
    readonly connectionsMax: number
    readonly streamsMax: number
    readonly requestsPerSecond: number
    readonly failedLoginsPerMinute: number
    readonly corsOrigins: readonly string[]
  }
  readonly auth: RawAuth
  readonly approvals: RawApprovals
  readonly alerts: { readonly retention: string; readonly bytesMax: string }
  readonly webhooks: RawWebhooks
  readonly limits: {
    readonly payloadMax: string
    readonly depthMax: number
    readonly membersMax: number
    readonly keysPerRuleMax: number
    readonly partialMatchesPerRuleMax: number
    readonly partialMatchesMax: number
    readonly bufferedEventsMax: number
    readonly alertsPerMinuteMax: number
    readonly ruleFuelPerSecondMax: number
    readonly guestNamespaces: readonly string[]
    readonly guestFuelPerSecondMax: number
  }
  readonly redact: readonly string[]
  readonly telemetry: { readonly serviceName: string }
  readonly log: { readonly level: LogLevel }
  readonly codegen: CodegenSetting
}

/** What a schema cannot say. */
export function checkMeaning(raw: RawConfig, placeOf: PlaceOf): readonly Problem[] {
  const problems: Problem[] = []
  const add: Add = (code, path, message, hint) => {
    problems.push({ code, severity: 'error', message, hint, at: placeOf(path) })
  }
  if (!isLoopback(raw.http.host) && raw.auth.apiKeys.length === 0 && raw.auth.jwt === undefined)
    add(
      'config-unsafe-listen',
      ['http', 'host'],
      `http.host is ${raw.http.host}, which others can reach, and neither API keys nor tokens are configured`,
      'listen on 127.0.0.1, or add auth.apiKeys or auth.jwt',
    )
  if (raw.nats.url === undefined && !isLoopback(raw.nats.embedded.host))
    add(
      'config-unsafe-listen',
      ['nats', 'embedded', 'host'],
      `the embedded broker has no authentication and would listen on ${raw.nats.embedded.host}`,
      'keep it on 127.0.0.1, or run your own NATS and set nats.url',
    )
  for (const [index, subject] of raw.input.subjects.entries())
    if (!raw.input.inPlace && isReservedSubject(subject))
      add(
        'config-reserved-subject',
        ['input', 'subjects', String(index)],
        `input.subjects takes ${subject}, which holds subjects of Sequitur's own`,
        'name subjects that do not overlap alerts.>, shadow.alerts.>, withheld.alerts.>, sequitur.> and $…',
      )
  for (const [plain, file] of [
    ['password', 'passwordFile'],
    ['token', 'tokenFile'],
  ] as const)
    if (raw.nats[plain] !== undefined && raw.nats[file] !== undefined)
      add(
        'config-conflict',
        ['nats', file],
        `nats.${plain} and nats.${file} are both given`,
        'give one of them',
      )
  for (const name of ['url', 'password', 'token'] as const)
    if (isHidden(raw.nats[name]))
      add(
        'config-wrong-value',
        ['nats', name],
        `nats.${name} has ${HIDDEN} where a secret was hidden when the configuration was printed`,
        `write the secret there${name === 'url' ? '' : `, or name a file that holds it in nats.${name}File`}`,
      )
  checkOrigins(raw, add)
  checkAuth(raw.auth, add)
  checkApprovals(raw.approvals, raw.auth, add)
  checkWebhooks(raw.webhooks, raw.alerts.retention, add)
  return problems
}

const isHidden = (value = ''): boolean => value === HIDDEN || value.includes(`${HIDDEN}@`)

function checkOrigins({ http, auth }: RawConfig, add: Add): void {
  for (const [index, origin] of http.corsOrigins.entries())
    if (!isOrigin(origin))
      add(
        'config-wrong-value',
        ['http', 'corsOrigins', String(index)],
        `http.corsOrigins has ${origin}, which is no origin`,
        'scheme, host and port as a browser writes them, without a path: https://console.example.com; there is no *',
      )
  if (http.corsOrigins.length > 0 && auth.apiKeys.length === 0 && auth.jwt === undefined)
    add(
      'config-unsafe-listen',
      ['http', 'corsOrigins'],
      'pages of http.corsOrigins could do everything, because neither API keys nor tokens are configured',
      'add auth.apiKeys or auth.jwt',
    )
}

function isOrigin(text: string): boolean {
  try {
    const { origin, protocol } = new URL(text)
    return origin === text && (protocol === 'https:' || protocol === 'http:')
  } catch {
    return false
  }
}

export interface ResolveContext {
  readonly file: string | undefined
  /** Relative paths start here. */
  readonly folder: string
  readonly placeOf: PlaceOf
}

/** Units become numbers, paths absolute, secret files are read. */
export function resolveConfig(raw: RawConfig, context: ResolveContext): Result<Config> {
  const problems: Problem[] = []
  const absolute = (path: string): string => resolve(context.folder, path)
  const secret = (plain: string | undefined, file: string | undefined, name: string): Secret | undefined => {
    if (plain !== undefined) return new Secret(plain)
    if (file === undefined) return undefined
    try {
      return new Secret(readFileSync(absolute(file), 'utf8').trimEnd())
    } catch {
      problems.push({
        code: 'config-unreadable',
        severity: 'error',
        message: `nats.${name} cannot be read`,
        hint: 'check the path and the permissions of the file',
        at: context.placeOf(['nats', name]),
      })
      return undefined
    }
  }
  const { nats, input, http, limits } = raw
  const config: Config = {
    file: context.file,
    document: shownDocument(raw, absolute),
    dataDir: absolute(raw.dataDir),
    nats: {
      url: nats.url,
      credsFile: nats.credsFile === undefined ? undefined : absolute(nats.credsFile),
      user: nats.user,
      password: secret(nats.password, nats.passwordFile, 'passwordFile'),
      token: secret(nats.token, nats.tokenFile, 'tokenFile'),
      inboxPrefix: nats.inboxPrefix,
      tls: nats.tls === undefined ? undefined : mapValues(nats.tls, absolute),
      embedded: {
        host: nats.embedded.host,
        port: nats.embedded.port,
        serverPath: nats.embedded.serverPath === undefined ? undefined : absolute(nats.embedded.serverPath),
      },
    },
    input: {
      stream: input.stream,
      subjects: input.subjects,
      sourceStreams: input.sourceStreams,
      inPlace: input.inPlace,
      retentionMs: durationOf(input.retention),
      bytesMax: sizeOf(input.bytesMax),
    },
    sources: raw.sources.map((source) => ({
      name: source.name ?? source.subject,
      subject: source.subject,
      timestamp: source.timestamp,
      unit: source.unit,
      latenessMs: durationOf(source.lateness),
      maxAheadMs: durationOf(source.maxAhead),
      idleMs: durationOf(source.idle),
    })),
    partitions: raw.partitions,
    commitIntervalMs: durationOf(raw.commitInterval),
    http: {
      host: http.host,
      port: http.port,
      workerPort: http.workerPort,
      bodyBytesMax: sizeOf(http.bodyMax),
      eventsBodyBytesMax: sizeOf(http.eventsBodyMax),
      requestTimeoutMs: durationOf(http.requestTimeout),
      connectionsMax: http.connectionsMax,
      streamsMax: http.streamsMax,
      requestsPerSecond: http.requestsPerSecond,
      failedLoginsPerMinute: http.failedLoginsPerMinute,
      corsOrigins: http.corsOrigins,
    },
    auth: resolveAuth(raw.auth, absolute),
    approvals: resolveApprovals(raw.approvals),
    alerts: { retentionMs: durationOf(raw.alerts.retention), bytesMax: sizeOf(raw.alerts.bytesMax) },
    webhooks: resolveWebhooks(raw.webhooks, absolute, (code, path, message, hint) =>
      problems.push({ code, severity: 'error', message, hint, at: context.placeOf(path) }),
    ),
    limits: {
      payloadBytesMax: sizeOf(limits.payloadMax),
      depthMax: limits.depthMax,
      membersMax: limits.membersMax,
      keysPerRuleMax: limits.keysPerRuleMax,
      partialMatchesPerRuleMax: limits.partialMatchesPerRuleMax,
      partialMatchesMax: limits.partialMatchesMax,
      bufferedEventsMax: limits.bufferedEventsMax,
      alertsPerMinuteMax: limits.alertsPerMinuteMax,
      ruleFuelPerSecondMax: limits.ruleFuelPerSecondMax,
      guestNamespaces: limits.guestNamespaces,
      guestFuelPerSecondMax: limits.guestFuelPerSecondMax,
    },
    redact: raw.redact,
    telemetry: raw.telemetry,
    log: raw.log,
    codegen: raw.codegen,
  }
  return problems.length === 0 ? success(config) : failure(problems)
}

const mapValues = <T extends Readonly<Record<string, string>>>(
  record: T,
  change: (value: string) => string,
): T => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)])) as T
