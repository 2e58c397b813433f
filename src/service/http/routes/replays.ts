import type { RuleSource } from '../../../engine/index.ts'
import { textInForce, versionInForce, writtenText } from '../../catalogue/index.ts'
import type { Replay, ReplayAgainst, ReplayJob } from '../../replay/index.ts'
import { type Answer, data, problem, route } from '../route.ts'
import { RULE_ID, ref } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { instantOf } from './instant.ts'
import { splitRules } from './rule-texts.ts'
import { noRule } from './rule-view.ts'
import { busy, notReadable } from './rules.ts'

const REPLAY_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, maxLength: 64, description: 'Of the replay.' } },
} as const

const SEQUENCE = { type: 'integer', minimum: 1, maximum: 999_999_999_999_999 } as const
const INSTANT = { type: 'string', maxLength: 64, examples: ['2026-01-01T00:00:00Z', '7d'] } as const
const RULES_MAX = 200

const REQUEST = {
  type: 'object',
  additionalProperties: false,
  properties: {
    rules: {
      type: 'array',
      minItems: 1,
      maxItems: RULES_MAX,
      description: 'Stored rules; without a version the one in force.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: {
          id: { type: 'string', pattern: RULE_ID },
          version: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
        },
      },
    },
    source: {
      type: 'string',
      maxLength: 1_000_000,
      description: 'Rules as YAML documents that need not be stored; instead of `rules`.',
    },
    since: {
      ...INSTANT,
      description: 'ISO 8601, or how long ago; by the time of storing, inclusive. Default: the whole log.',
    },
    until: { ...INSTANT, description: 'Exclusive.' },
    firstSequence: { ...SEQUENCE, description: 'In the input log, inclusive.' },
    lastSequence: { ...SEQUENCE, description: 'Inclusive.' },
    against: {
      anyOf: [
        { type: 'string', enum: ['live'] },
        { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
      ],
      description:
        'Compare with what was really raised (live), or with another version of the one rule that is replayed.',
    },
    share: {
      type: 'number',
      minimum: 0.05,
      maximum: 1,
      default: 0.5,
      description: 'Of one core that it may use.',
    },
    wholeLog: {
      type: 'boolean',
      default: false,
      description:
        'Read entries that no rule reads too: slower, and event time passes exactly as it passed live.',
    },
  },
} as const

interface ReplayRequest {
  readonly rules?: ReadonlyArray<{ readonly id: string; readonly version?: number }>
  readonly source?: string
  readonly since?: string
  readonly until?: string
  readonly firstSequence?: number
  readonly lastSequence?: number
  readonly against?: 'live' | number
  readonly share: number
  readonly wholeLog: boolean
}

interface Id {
  readonly id: string
}

export const REPLAY_ROUTES = [
  route<unknown, unknown, ReplayRequest>({
    method: 'POST',
    path: '/v1/replays',
    operation: 'startReplay',
    tag: 'replays',
    access: 'write',
    summary: 'Run rules over a part of the input log, raising nothing',
    description:
      'Answers at once; the replay runs in a process of its own, one at a time, and starts with no state. Alerts are counted and kept here, never published.',
    body: { kind: 'json', schema: REQUEST, required: true },
    responses: {
      202: {
        description: 'It is queued or running.',
        schema: ref('Replay'),
        headers: { location: { description: 'Where it can be read.', schema: { type: 'string' } } },
      },
    },
    problems: [404, 422],
    handle: async ({ body, caller }, services) => {
      const span = spanOf(body, services.now())
      if ('kind' in span) return span
      const rules = await rulesOf(body, services)
      if ('kind' in rules) return rules
      const against = await againstOf(body, rules, services)
      if (against !== undefined && 'problem' in against) return against
      const job: ReplayJob = {
        rules,
        span,
        share: body.share,
        wholeLog: body.wholeLog,
        ...(against === undefined ? {} : { against }),
      }
      const replay = services.replays.start(job, caller.id === undefined ? {} : { author: caller.id })
      return replay === undefined
        ? problem(429, 'replay-queue-full', 'too many replays are waiting', {
            hint: 'wait for one to end, or cancel one',
          })
        : data(viewOf(replay), 202, { location: `/v1/replays/${replay.id}` })
    },
  }),
  route<unknown, unknown, unknown>({
    method: 'GET',
    path: '/v1/replays',
    operation: 'listReplays',
    tag: 'replays',
    access: 'read',
    summary: 'The replays of this process, newest first',
    description: 'The last 20 that ended are remembered, until the process ends.',
    responses: { 200: { description: 'Without their alerts.', schema: ref('ReplayList') } },
    handle: async (_call, { replays }) => data({ replays: replays.list().map(viewOf) }),
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/replays/{id}',
    operation: 'getReplay',
    tag: 'replays',
    access: 'read',
    summary: 'One replay: how far it is, and what it found',
    params: REPLAY_PARAMS,
    responses: { 200: { description: 'The replay.', schema: ref('Replay') } },
    problems: [404],
    handle: async ({ params }, { replays }) => {
      const replay = replays.get(params.id)
      return replay === undefined ? noReplay(params.id) : data(viewOf(replay))
    },
  }),
  route<Id, { readonly limit: number; readonly cursor?: string }, unknown>({
    method: 'GET',
    path: '/v1/replays/{id}/alerts',
    operation: 'listReplayAlerts',
    tag: 'replays',
    access: 'read',
    summary: 'The alerts of a replay, oldest first',
    description: 'The first 1,000 are kept; all are counted.',
    params: REPLAY_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
        cursor: { type: 'string', pattern: '^\\d{1,9}$', description: '`next` of the page before.' },
      },
    },
    responses: { 200: { description: 'One page.', schema: ref('ReplayAlertPage') } },
    problems: [404],
    handle: async ({ params, query }, { replays }) => {
      const replay = replays.get(params.id)
      if (replay === undefined) return noReplay(params.id)
      const from = Number(query.cursor ?? 0)
      const alerts = replay.alerts.slice(from, from + query.limit).map((text) => JSON.parse(text))
      const end = from + alerts.length
      return data({ alerts, ...(end < replay.alerts.length ? { next: String(end) } : {}) })
    },
  }),
  route<Id, unknown, unknown>({
    method: 'DELETE',
    path: '/v1/replays/{id}',
    operation: 'cancelReplay',
    tag: 'replays',
    access: 'write',
    summary: 'Cancel a replay',
    description: 'One that has ended stays as it is.',
    params: REPLAY_PARAMS,
    responses: { 200: { description: 'As it is now.', schema: ref('Replay') } },
    problems: [404],
    handle: async ({ params }, { replays }) => {
      const replay = replays.cancel(params.id)
      return replay === undefined ? noReplay(params.id) : data(viewOf(replay))
    },
  }),
]

type Refusal = Extract<Answer, { kind: 'problem' }>

const refuse = (detail: string, hint: string): Refusal => ({
  kind: 'problem',
  problem: { status: 422, code: 'replay-not-accepted', detail, hint },
})

const noReplay = (id: string): Answer =>
  problem(404, 'replay-not-found', `there is no replay ${id}`, {
    hint: 'replays are gone with the process that ran them, and the last 20 are remembered',
  })

function spanOf(body: ReplayRequest, now: number): ReplayJob['span'] | Refusal {
  const since = instantOf(body.since, now)
  const until = instantOf(body.until, now)
  if (since === 'unreadable' || until === 'unreadable') {
    const name = since === 'unreadable' ? 'since' : 'until'
    return {
      kind: 'problem',
      problem: {
        status: 400,
        code: 'time-not-readable',
        detail: `${name} is neither ISO 8601 nor a length of time`,
        hint: 'for example 2026-01-01T00:00:00Z, or 7d',
      },
    }
  }
  return {
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
    ...(body.firstSequence === undefined ? {} : { firstSequence: body.firstSequence }),
    ...(body.lastSequence === undefined ? {} : { lastSequence: body.lastSequence }),
  }
}

async function rulesOf(body: ReplayRequest, services: Services): Promise<readonly RuleSource[] | Answer> {
  if ((body.rules === undefined) === (body.source === undefined))
    return refuse('a replay needs rules', 'send either `rules`, with ids, or `source`, with a text')
  const rules =
    body.source === undefined
      ? await storedRules(body.rules ?? [], services)
      : await rulesOfText(body.source, services)
  if ('kind' in rules) return rules
  const ids = new Set(rules.map(({ id }) => id))
  return ids.size === rules.length
    ? rules
    : refuse('a rule is named twice', 'replay one version, against the other')
}

async function storedRules(
  wanted: NonNullable<ReplayRequest['rules']>,
  { catalogue }: Services,
): Promise<readonly RuleSource[] | Answer> {
  const rules: RuleSource[] = []
  for (const { id, version } of wanted) {
    const record =
      version === undefined ? (await catalogue.get(id))?.record : await catalogue.version(id, version)
    if (record?.kind !== 'put') return noRule(version === undefined ? id : `${id} in version ${version}`)
    const { text: source, format } = version === undefined ? textInForce(record) : writtenText(record)
    rules.push({ id, version: version ?? versionInForce(record), format, source })
  }
  return rules
}

/** Drafts are numbered as the version that they would become. */
async function rulesOfText(
  source: string,
  { compiler, catalogue }: Services,
): Promise<readonly RuleSource[] | Answer> {
  const texts = splitRules({ text: source, type: 'application/yaml' })
  if (!texts.ok) return notReadable(texts.problems)
  if (texts.value.length > RULES_MAX)
    return refuse(`a replay takes at most ${RULES_MAX} rules`, 'replay them in parts')
  const compiled = await compiler.compile(texts.value)
  if (compiled.kind === 'busy') return busy()
  if (compiled.kind === 'refused') return notReadable(compiled.problems)
  return Promise.all(
    compiled.value.map(async ({ id }, index) => {
      const { text = '', format = 'yaml' } = texts.value[index] ?? {}
      const version = ((await catalogue.get(id))?.record.version ?? 0) + 1
      return { id, version, format, source: text }
    }),
  )
}

async function againstOf(
  { against }: ReplayRequest,
  rules: readonly RuleSource[],
  services: Services,
): Promise<ReplayAgainst | Extract<Answer, { kind: 'problem' }> | undefined> {
  if (against === undefined) return undefined
  if (against === 'live') return { kind: 'live' }
  const [rule] = rules
  if (rule === undefined || rules.length > 1)
    return refuse('a version is one of one rule', 'replay one rule, or compare with `live`')
  const older = await storedRules([{ id: rule.id, version: against }], services)
  if ('kind' in older) return older as Refusal
  const [found] = older
  return found === undefined ? undefined : { kind: 'version', rule: found }
}

const iso = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString()

function viewOf({ alerts: _kept, job, origin, progress, ...replay }: Replay): Record<string, unknown> {
  const { against, span } = job
  return {
    ...replay,
    author: origin.author,
    rules: job.rules.map(({ id, version }) => ({ id, version })),
    since: iso(span.sinceMs),
    until: iso(span.untilMs),
    firstSequence: span.firstSequence,
    lastSequence: span.lastSequence,
    against: against?.kind === 'version' ? against.rule.version : against?.kind,
    share: job.share,
    wholeLog: job.wholeLog,
    progress: {
      entries: progress.entries,
      total: progress.total,
      eventTime: iso(progress.eventTimeMs),
    },
  }
}
