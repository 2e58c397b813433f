import { AuditLog, memoryAuditStore } from '../../src/service/audit/index.ts'
import {
  Catalogue,
  localCompiler,
  memoryBucket,
  ProposalDesk,
  type RuleCompiler,
} from '../../src/service/catalogue/index.ts'
import { type Config, loadConfig } from '../../src/service/config/index.ts'
import { type AlertStateStore, ListDesk, SilenceDesk, StateDesk } from '../../src/service/desk/index.ts'
import { erasureDesk, memoryErasureStore } from '../../src/service/erasure/index.ts'
import { localTracer, type PlainEntry } from '../../src/service/history/index.ts'
import {
  type AlertEntry,
  type ApiOptions,
  alertMatches,
  createServer,
  type EventIntake,
  type IncomingEvent,
  type Inspector,
  type Services,
  type StreamTail,
} from '../../src/service/http/index.ts'
import { type ReplayRunner, Replays } from '../../src/service/replay/index.ts'
import { createServiceMetrics, silentLog, startTelemetry } from '../../src/service/telemetry/index.ts'
import { Courier, memoryDeadLetters, WebhookDesk } from '../../src/service/webhooks/index.ts'

export const NOW = Date.parse('2026-01-01T00:00:00Z')

export const defaultConfig = (overrides: Readonly<Record<string, unknown>> = {}): Config => {
  const config = loadConfig({ environment: {}, workingFolder: '/nowhere', overrides })
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return config.value
}

export interface FakeIntake extends EventIntake {
  readonly stored: IncomingEvent[]
}

/** An input log in memory that stores an id once. */
export function fakeIntake(): FakeIntake {
  const stored: IncomingEvent[] = []
  return {
    stored,
    payloadBytesMax: 65_536,
    subjects: async () => ['events.>', 'payments.>'],
    store: async (events) =>
      events.map((event) => {
        const known = event.id === undefined ? -1 : stored.findIndex(({ id }) => id === event.id)
        if (known >= 0) return { ok: true, sequence: known + 1, duplicate: true }
        stored.push(event)
        return { ok: true, sequence: stored.length, duplicate: false }
      }),
  }
}

/** A partition that has every rule version at once. */
export function fakeInspector(guestNamespaces: readonly string[]): Inspector {
  const guests = guestNamespaces.map((namespace) => ({ namespace, used: 0, left: 1, suspensions: 0 }))
  return {
    partitions: 1,
    ask: async (partition, request) => {
      const answers = {
        status: { partition, running: true, worker: 'w', rules: 0, guests },
        activated: { version: Number.MAX_SAFE_INTEGER },
        rule: { version: Number.MAX_SAFE_INTEGER, status: 'live' },
        rules: { rules: [] },
        matches: { matches: [], total: 0 },
        funnel: { partialMatches: 0, keys: 0, stages: [], notCounted: 0 },
      }
      return answers[request.kind] as never
    },
  }
}

export interface FakeApi {
  readonly services: Services
  readonly intake: FakeIntake
  readonly alerts: AlertEntry[]
  readonly options: ApiOptions
}

export interface FakeOptions {
  readonly config?: Readonly<Record<string, unknown>>
  readonly compiler?: RuleCompiler
  readonly services?: Partial<Services>
}

/** What people said of alerts, in memory. */
function memoryStates(): AlertStateStore {
  const bucket = memoryBucket()
  return {
    ...bucket,
    history: async (key) => {
      const entry = await bucket.get(key)
      return entry === undefined ? [] : [entry]
    },
  }
}

const noTail: StreamTail = {
  next: async () => 1,
  follow: ({ signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
}

/** Found nothing in an empty log, at once. */
const noReplay: ReplayRunner = async (job) => ({
  firstSequence: 1,
  lastSequence: 0,
  entries: 0,
  events: 0,
  late: 0,
  deadLettered: 0,
  deadLetters: {},
  alerts: 0,
  alertsKept: 0,
  withheld: {},
  rules: job.rules.map(({ id, version }) => ({ rule: id, version, alerts: 0, withheld: {} })),
  alertsPerHour: [],
  topKeys: [],
  durationMs: 1,
  eventsPerSecond: 0,
})

export function fakeApi(options: FakeOptions = {}): FakeApi {
  const config = defaultConfig(options.config)
  const telemetry = startTelemetry({ serviceName: 'test', version: '0', environment: {} })
  const compiler = options.compiler ?? localCompiler
  const intake = fakeIntake()
  const alerts: AlertEntry[] = []
  const lists = new ListDesk({ bucket: memoryBucket(), now: () => NOW })
  const courier = new Courier({
    config: config.webhooks,
    deadLetters: memoryDeadLetters(() => NOW),
    now: () => NOW,
  })
  const rules = memoryBucket()
  const proposals = new ProposalDesk({
    bucket: memoryBucket(),
    rules,
    policy: config.approvals,
    now: options.services?.now ?? (() => NOW),
  })
  const services: Services = {
    webhooks: new WebhookDesk({
      bucket: memoryBucket(),
      now: () => NOW,
      check: (text) => courier.check(text),
      nextAlert: async () => 1,
      forget: async () => undefined,
    }),
    courier,
    webhookWaiting: async () => 0,
    catalogue: new Catalogue({
      rules,
      versions: memoryBucket(),
      proposals,
      compiler,
      now: () => NOW,
      fedSubjects: () => intake.subjects(),
      knownLists: () => lists.names(),
    }),
    compiler,
    proposals,
    states: new StateDesk({ store: memoryStates(), now: () => NOW }),
    lists,
    silences: new SilenceDesk({ bucket: memoryBucket(), now: () => NOW }),
    alerts: {
      page: async ({ limit, cursor, order, ...filter }) => {
        const ordered = order === 'desc' ? alerts.toReversed() : alerts
        const behind = ordered.filter(
          ({ sequence }) =>
            cursor === undefined || (order === 'desc' ? sequence < cursor : sequence > cursor),
        )
        const found = behind.filter(({ alert }) => alertMatches(alert, filter))
        const last = found[limit - 1]
        return {
          alerts: found.slice(0, limit),
          ...(found.length > limit && last !== undefined ? { next: last.sequence } : {}),
        }
      },
    },
    intake,
    input: noTail,
    output: noTail,
    inspector: fakeInspector(config.limits.guestNamespaces),
    investigation: {
      history: { read: async () => ({ entries: [] }), entry: async (sequence) => entryOf(intake, sequence) },
      tracer: localTracer(),
      setup: { stream: 'INPUT' },
    },
    replays: new Replays(noReplay, () => NOW),
    erasures: erasureDesk(memoryErasureStore(), () => NOW),
    audit: new AuditLog(memoryAuditStore(), () => NOW),
    health: async () => ({ ready: true, checks: [] }),
    about: async () => ({
      version: '0',
      roles: ['api'],
      startedAt: new Date(NOW).toISOString(),
      broker: { connected: true, version: '2.9.10', url: 'nats://127.0.0.1:4222' },
    }),
    configuration: () => ({}),
    prometheus: telemetry.prometheus,
    metrics: createServiceMetrics(telemetry.meter),
    log: silentLog,
    now: () => NOW,
    ...options.services,
  }
  return {
    services,
    intake,
    alerts,
    options: { http: config.http, apiKeys: config.auth.apiKeys, jwt: config.auth.jwt, version: '0' },
  }
}

function entryOf({ stored }: FakeIntake, sequence: number): PlainEntry | undefined {
  const event = stored[sequence - 1]
  return event === undefined
    ? undefined
    : { sequence, subject: event.subject, ingestedAt: NOW, text: event.payload }
}

export const startFakeApi = async (options: FakeOptions = {}) => {
  const fake = fakeApi(options)
  return { ...fake, app: await createServer(fake.services, fake.options) }
}

export const RULE = `# kept as it is
rule: hello
by: user
events:
  A: events.a
  B: events.b
pattern: A followed by B within 5 minutes
`
