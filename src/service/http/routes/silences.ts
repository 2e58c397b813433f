import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration } from '../../../engine/index.ts'
import type { SilenceOutcome, StoredSilence } from '../../desk/index.ts'
import { awaitActivation } from '../inspector.ts'
import { mayTouchSilence, notInNamespace } from '../namespaces.ts'
import { problemEntry } from '../problem.ts'
import { type Answer, data, problem, route } from '../route.ts'
import { RULE_ID, ref, SEVERITY_VALUES } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { instantOf } from './instant.ts'
import { badPrecondition, DRY_RUN, expectationOf, PRECONDITIONS } from './preconditions.ts'
import { ETAG } from './rules.ts'

const MOMENT = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  examples: ['2026-01-01T00:00:00Z', '2h'],
} as const

const ID_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } },
} as const

interface SilenceBody {
  readonly match: Readonly<Record<string, string>>
  readonly from?: string
  readonly until: string
  readonly why: string
}

const STATES = ['active', 'scheduled', 'ended'] as const

export const SILENCE_ROUTES = [
  route<unknown, { readonly state?: string }, unknown>({
    method: 'GET',
    path: '/v1/silences',
    operation: 'listSilences',
    tag: 'silences',
    access: 'read',
    scope: 'namespace',
    summary: 'Silences, newest first',
    query: { type: 'object', additionalProperties: false, properties: { state: { enum: STATES } } },
    responses: { 200: { description: 'The silences.', schema: ref('Silences') } },
    handle: async ({ query, caller }, services) => {
      const visible: StoredSilence[] = []
      for (const silence of await services.silences.list())
        if (await mayTouchSilence(caller, 'read', silence.record.match, services)) visible.push(silence)
      const all = visible.map((silence) => silenceOf(silence, services.now()))
      return data({ silences: all.filter(({ state }) => query.state === undefined || query.state === state) })
    },
  }),
  route<{ readonly id: string }, unknown, unknown>({
    method: 'GET',
    path: '/v1/silences/{id}',
    operation: 'getSilence',
    tag: 'silences',
    access: 'read',
    scope: 'namespace',
    summary: 'One silence by its id',
    params: ID_PARAMS,
    responses: { 200: { description: 'The silence.', headers: ETAG, schema: ref('Silence') } },
    problems: [404],
    handle: async ({ params, caller }, services) => {
      const found = await services.silences.get(params.id)
      return found === undefined || !(await mayTouchSilence(caller, 'read', found.record.match, services))
        ? noSilence(params.id)
        : data(silenceOf(found, services.now()), 200, etagOf(found))
    },
  }),
  route<unknown, { readonly dryRun: boolean }, SilenceBody>({
    method: 'POST',
    path: '/v1/silences',
    operation: 'addSilence',
    tag: 'silences',
    access: 'write',
    scope: 'namespace',
    summary: 'Hold back alerts for a while',
    description:
      'Alerts for which everything named in `match` holds and whose event time is from `from` to before `until` go to `withheld.alerts.>` with the reason `silenced`.',
    query: { type: 'object', additionalProperties: false, properties: { dryRun: DRY_RUN } },
    body: {
      kind: 'json',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['match', 'until', 'why'],
        properties: {
          match: {
            type: 'object',
            additionalProperties: false,
            minProperties: 1,
            properties: {
              rule: { type: 'string', pattern: RULE_ID },
              namespace: { type: 'string', minLength: 1, maxLength: 128 },
              key: { type: 'string', maxLength: 1024, description: 'As text: the subject of the alert.' },
              severity: { enum: SEVERITY_VALUES },
            },
          },
          from: { ...MOMENT, description: 'ISO 8601, or how long from now; default: now.' },
          until: { ...MOMENT, description: 'ISO 8601, or how long from now.' },
          why: { type: 'string', minLength: 1, maxLength: 1000 },
        },
      },
    },
    responses: { 201: { description: 'It is going to hold back.', headers: ETAG, schema: ref('Silence') } },
    problems: [412, 422],
    handle: async (call, services) => {
      const now = services.now()
      const from = momentOf(call.body.from ?? new Date(now).toISOString(), now)
      const until = momentOf(call.body.until, now)
      if (from === undefined || until === undefined)
        return problem(400, 'time-not-readable', 'from or until is neither ISO 8601 nor a length of time', {
          hint: 'for example 2026-01-01T00:00:00Z, or 2h',
        })
      const { match, why } = call.body
      if (!(await mayTouchSilence(call.caller, 'write', match, services)))
        return notInNamespace(match.namespace)
      const outcome = await services.silences.add(
        { match, from, until, why },
        { dryRun: call.query.dryRun, ...(call.caller.id === undefined ? {} : { who: call.caller.id }) },
      )
      return answerOf(outcome, services, { status: 201, dryRun: call.query.dryRun })
    },
  }),
  route<{ readonly id: string }, { readonly dryRun: boolean }, unknown>({
    method: 'POST',
    path: '/v1/silences/{id}/end',
    operation: 'endSilence',
    tag: 'silences',
    access: 'write',
    scope: 'namespace',
    summary: 'End a silence now',
    description: 'If-Match is honoured, and not needed. Ending one that has ended changes nothing.',
    params: ID_PARAMS,
    query: { type: 'object', additionalProperties: false, properties: { dryRun: DRY_RUN } },
    headers: PRECONDITIONS,
    responses: { 200: { description: 'It has ended.', headers: ETAG, schema: ref('Silence') } },
    problems: [404, 412, 422],
    handle: async (call, services) => {
      const expected = expectationOf(call)
      if (expected === undefined || expected.kind === 'absent') return badPrecondition()
      const found = await services.silences.get(call.params.id)
      if (found !== undefined && !(await mayTouchSilence(call.caller, 'write', found.record.match, services)))
        return notInNamespace(found.record.match.namespace)
      const outcome = await services.silences.end(call.params.id, {
        dryRun: call.query.dryRun,
        ...(call.caller.id === undefined ? {} : { who: call.caller.id }),
        ...(expected.kind === 'revision' ? { revision: expected.revision } : {}),
      })
      return outcome.kind === 'not-found'
        ? noSilence(call.params.id)
        : answerOf(outcome, services, { status: 200, dryRun: call.query.dryRun })
    },
  }),
]

/** A length of time here is one from now on. */
function momentOf(text: string, now: number): number | undefined {
  const ahead = parseDuration(text)
  if (ahead !== undefined) return now + ahead
  const at = instantOf(text, now)
  return typeof at === 'number' ? at : undefined
}

const silenceOf = ({ record, revision }: StoredSilence, now: number) => {
  const { version: _, ...shown } = record
  const state: (typeof STATES)[number] =
    Date.parse(record.until) <= now ? 'ended' : Date.parse(record.from) > now ? 'scheduled' : 'active'
  return { ...shown, revision, state }
}

const etagOf = ({ revision }: StoredSilence): { readonly etag: string } => ({ etag: `"${revision}"` })

const noSilence = (id: string): Answer => problem(404, 'silence-not-found', `there is no silence ${id}`)

async function answerOf(
  outcome: SilenceOutcome,
  { inspector, now }: Services,
  { status, dryRun }: { readonly status: number; readonly dryRun: boolean },
): Promise<Answer> {
  switch (outcome.kind) {
    case 'stored': {
      const { id, version } = outcome.silence.record
      const request = { kind: 'activated', what: 'silence', id } as const
      const activation = dryRun
        ? {}
        : { activation: await awaitActivation(inspector, request, version, { now, sleep }) }
      return data({ ...silenceOf(outcome.silence, now()), ...activation }, status, etagOf(outcome.silence))
    }
    case 'invalid':
      return problem(422, outcome.problem.code, outcome.problem.message, {
        more: { errors: [problemEntry(outcome.problem)] },
      })
    case 'conflict':
      return problem(412, 'changed-meanwhile', 'somebody else changed the silence')
    case 'not-found':
      return noSilence('')
    default:
      return outcome satisfies never
  }
}
