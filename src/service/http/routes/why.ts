import { type EventLook, HIDDEN, type JsonValue, type Problem } from '../../../engine/index.ts'
import { versionInForce, writtenText } from '../../catalogue/index.ts'
import { investigate, type TracedText } from '../../history/index.ts'
import { subjectMatches } from '../../subjects.ts'
import { mayEverywhere } from '../grants.ts'
import { notInNamespace, refuseRule } from '../namespaces.ts'
import { type Answer, data, problem, route } from '../route.ts'
import { RULE_ID, ref } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { instantOf } from './instant.ts'
import { noRule } from './rule-view.ts'
import { notReadable } from './rules.ts'

interface WhyBody {
  readonly rule?: string
  readonly version?: number
  readonly source?: string
  readonly format?: 'yaml' | 'json'
  readonly key?: JsonValue
  readonly since?: string
  readonly until?: string
  readonly event?: number
}

const INSTANT = { type: 'string', maxLength: 64, examples: ['2026-01-01T00:00:00Z', '24h'] } as const
const RULES_LOOKED_AT_MAX = 500
const RULES_AT_ONCE = 20

export const WHY_ROUTES = [
  route<unknown, unknown, WhyBody>({
    method: 'POST',
    path: '/v1/why',
    operation: 'explainDecision',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    slow: true,
    summary: 'Why a rule alerted for a key, or why not',
    description:
      'Runs one rule over what the input log still holds of its subjects, from no state, and says for every event of the key at which step it was taken or why not, what became of each partial match, and the smallest change of the rule that would have alerted. Default span: the longest limit of the rule before now (or around the event), at least one hour.',
    body: {
      kind: 'json',
      required: true,
      schema: {
        type: 'object',
        additionalProperties: false,
        properties: {
          rule: { type: 'string', pattern: RULE_ID, description: 'Id of a stored rule.' },
          version: {
            type: 'integer',
            minimum: 1,
            maximum: 1_000_000_000,
            description: 'Default: the one in force.',
          },
          source: { type: 'string', maxLength: 200_000, description: 'Instead of a stored rule: its text.' },
          format: { enum: ['yaml', 'json'], description: 'Of source; default yaml.' },
          key: {
            description:
              'The key; an array or an object when the rule has several parts. Default: that of the event.',
          },
          since: { ...INSTANT, description: 'When the broker stored the first event; or how long ago.' },
          until: { ...INSTANT, description: 'When the broker stored the last event; or how long ago.' },
          event: {
            type: 'integer',
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'Sequence in the input log: the time around it.',
          },
        },
      },
    },
    responses: { 200: { description: 'The trace.', schema: ref('Why') } },
    problems: [404, 422],
    handle: async ({ body, caller }, services) => {
      // A text of the caller's own shows events of any subject.
      const refusal =
        body.rule === undefined
          ? mayEverywhere(caller.grants, 'read')
            ? undefined
            : notInNamespace(undefined)
          : await refuseRule(caller, 'read', body.rule, services)
      if (refusal !== undefined) return refusal
      const asked = await ruleOf(body, services)
      if ('kind' in asked) return asked
      if (body.key === undefined && body.event === undefined)
        return problem(422, 'why-needs-key', 'name a key or an event')
      const now = services.now()
      const since = instantOf(body.since, now)
      const until = instantOf(body.until, now)
      if (since === 'unreadable' || until === 'unreadable')
        return problem(422, 'time-not-readable', 'since and until take ISO 8601, or how long ago')
      const found = await investigate(
        { rule: asked, key: body.key, event: body.event, since, until, now },
        services.investigation,
      )
      switch (found.kind) {
        case 'done':
          return data(found.value)
        case 'no-event':
          return noEvent(body.event ?? 0)
        case 'no-key':
          return problem(422, 'why-needs-key', `the event says no key: ${found.reason}`)
        default:
          return notTraced(found)
      }
    },
  }),
  route<{ sequence: number }, unknown, unknown>({
    method: 'GET',
    path: '/v1/events/{sequence}/rules',
    operation: 'listRulesOfEvent',
    tag: 'events',
    access: 'read',
    slow: true,
    summary: 'Which rules looked at an event',
    description:
      'The rules that read its subject, and at which of their steps the event by itself would be taken. Conditions on earlier steps are named, not decided; lists are taken as empty. `POST /v1/why` with the event says what a rule made of it.',
    params: {
      type: 'object',
      required: ['sequence'],
      properties: {
        sequence: {
          type: 'integer',
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'In the input log.',
        },
      },
    },
    responses: { 200: { description: 'In order of id.', schema: ref('EventRules') } },
    problems: [404, 422],
    handle: async ({ params: { sequence } }, { catalogue, investigation }) => {
      const entry = await investigation.history.entry(sequence)
      if (entry === undefined) return noEvent(sequence)
      const { tracer, setup } = investigation
      const reading = (await catalogue.list()).filter(({ record }) =>
        record.summary?.subjects.some((filter) => subjectMatches(filter, entry.subject)),
      )
      const rules = []
      const looked = reading.slice(0, RULES_LOOKED_AT_MAX)
      for (let start = 0; start < looked.length; start += RULES_AT_ONCE) {
        const some = looked.slice(start, start + RULES_AT_ONCE)
        const texts = some.map(({ record }) => ({
          text: record.source,
          format: record.format,
          version: versionInForce(record),
        }))
        const looks = await tracer.ask({ kind: 'look', rules: texts, entry, setup })
        if (looks.kind !== 'done') return notTraced(looks)
        for (const [index, look] of looks.value.entries()) {
          const record = some[index]?.record
          if (record === undefined || look === null) continue
          if (typeof look === 'string')
            rules.push({
              rule: record.id,
              version: versionInForce(record),
              status: record.status,
              note: look,
              steps: [],
            })
          else rules.push({ ...shownLook(look), status: record.status })
        }
      }
      return data({
        sequence,
        subject: entry.subject,
        storedAt: new Date(entry.ingestedAt).toISOString(),
        rules,
        notLookedAt: reading.length - looked.length,
      })
    },
  }),
]

/** `keyValue` says the key again: where the configuration hides it, it is left out. */
function shownLook(look: EventLook): EventLook {
  const { keyValue: _, ...rest } = look
  return Object.values(look.key ?? {}).includes(HIDDEN) ? rest : look
}

async function ruleOf(body: WhyBody, { catalogue }: Services): Promise<TracedText | Answer> {
  const { rule, version, source, format = 'yaml' } = body
  if ((rule === undefined) === (source === undefined))
    return problem(422, 'why-needs-rule', 'name a rule or send its source, one of them')
  if (rule === undefined) return { text: source ?? '', format, version: 1 }
  if (version === undefined) {
    const stored = await catalogue.get(rule)
    if (stored === undefined) return noRule(rule)
    return {
      text: stored.record.source,
      format: stored.record.format,
      version: versionInForce(stored.record),
    }
  }
  const record = await catalogue.version(rule, version)
  if (record?.kind !== 'put')
    return problem(404, 'rule-not-found', `there is no version ${version} of the rule ${rule}`)
  return { ...writtenText(record), version }
}

const noEvent = (sequence: number): Answer =>
  problem(404, 'event-not-found', `the input log has no event ${sequence}`, {
    hint: 'retention may have taken it',
  })

type NotTraced =
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'busy' }
  | { readonly kind: 'too-expensive' }

function notTraced(outcome: NotTraced): Answer {
  switch (outcome.kind) {
    case 'refused':
      return notReadable(outcome.problems)
    case 'busy':
      return problem(503, 'tracer-busy', 'too many traces are waiting', { headers: { 'retry-after': '2' } })
    case 'too-expensive':
      return problem(422, 'trace-too-expensive', 'the trace took too long and was stopped', {
        hint: 'ask about a shorter time',
      })
    default:
      return outcome satisfies never
  }
}
