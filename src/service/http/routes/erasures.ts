import type { JsonValue } from '../../../engine/index.ts'
import type { Catalogue } from '../../catalogue/index.ts'
import { type Erasure, placesOf, stateOf } from '../../erasure/index.ts'
import { data, problem, route } from '../route.ts'
import { RULE_ID, ref } from '../schemas/index.ts'
import { DRY_RUN } from './preconditions.ts'
import { noRule } from './rule-view.ts'

const ID_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } },
} as const

const KEY_PART = {
  anyOf: [{ type: 'string', maxLength: 256 }, { type: 'number' }, { type: 'boolean' }],
} as const

const LOCATION = {
  location: { description: 'Where to ask how far it is.', schema: { type: 'string' } },
} as const

interface ErasureBody {
  readonly key: JsonValue
  readonly rules?: readonly string[]
  readonly reason: string
}

/** The first that is no rule and never was one. */
async function neverThere(ids: readonly string[], catalogue: Catalogue): Promise<string | undefined> {
  if (ids.length === 0) return undefined
  const there = new Set((await catalogue.list()).map(({ record }) => record.id))
  for (const id of ids) if (!there.has(id) && (await catalogue.versions(id)) === undefined) return id
  return undefined
}

export const ERASURE_ROUTES = [
  route<unknown, { readonly dryRun: boolean }, ErasureBody>({
    method: 'POST',
    path: '/v1/erasures',
    operation: 'eraseKey',
    tag: 'erasures',
    access: 'operate',
    summary: 'Erase everything that belongs to a key',
    description:
      'State, events, alerts and what was said of them, wherever Sequitur keeps it; docs/guides/operating.md says what it cannot reach. It cannot be undone. The answer comes at once, the erasure goes on behind it; asking again while it does changes nothing. `dryRun` counts and erases nothing.',
    query: { type: 'object', additionalProperties: false, properties: { dryRun: DRY_RUN } },
    body: {
      kind: 'json',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'reason'],
        properties: {
          key: {
            anyOf: [
              KEY_PART,
              { type: 'array', items: KEY_PART, minItems: 1, maxItems: 8 },
              { type: 'object', additionalProperties: KEY_PART, minProperties: 1, maxProperties: 8 },
            ],
            description: 'The value of `by`; of a key of several parts, all of them, in order or by name.',
          },
          rules: {
            type: 'array',
            items: { type: 'string', pattern: RULE_ID },
            minItems: 1,
            maxItems: 1000,
            description:
              'Ids, also of rules that were removed: only the key of these is meant. Default: of all that run.',
          },
          reason: {
            type: 'string',
            minLength: 1,
            maxLength: 1000,
            description: 'Do not name the key in it.',
          },
        },
      },
    },
    responses: {
      202: { description: 'It is going on; see its address.', headers: LOCATION, schema: ref('Erasure') },
    },
    problems: [404],
    handle: async ({ body, query, caller }, { erasures, inspector, catalogue }) => {
      const unknown = await neverThere(body.rules ?? [], catalogue)
      // Nothing would be found, and it would look as if the key were gone.
      if (unknown !== undefined) return noRule(unknown)
      const erasure = await erasures.request({
        key: body.key,
        rules: body.rules,
        reason: body.reason,
        dryRun: query.dryRun,
        who: caller.id,
      })
      const location = `/v1/erasures/${erasure.request.id}`
      return data(erasureOf(erasure, inspector.partitions), 202, { location })
    },
  }),
  route<unknown, unknown, unknown>({
    method: 'GET',
    path: '/v1/erasures',
    operation: 'listErasures',
    tag: 'erasures',
    access: 'operate',
    summary: 'Erasures, newest first',
    responses: { 200: { description: 'The erasures.', schema: ref('Erasures') } },
    handle: async (_call, { erasures, inspector }) =>
      data({ erasures: (await erasures.list()).map((erasure) => erasureOf(erasure, inspector.partitions)) }),
  }),
  route<{ readonly id: string }, unknown, unknown>({
    method: 'GET',
    path: '/v1/erasures/{id}',
    operation: 'getErasure',
    tag: 'erasures',
    access: 'operate',
    summary: 'How far an erasure is, place by place',
    params: ID_PARAMS,
    responses: { 200: { description: 'The erasure.', schema: ref('Erasure') } },
    problems: [404],
    handle: async ({ params }, { erasures, inspector }) => {
      const found = await erasures.get(params.id)
      return found === undefined
        ? problem(404, 'erasure-not-found', `there is no erasure ${params.id}`)
        : data(erasureOf(found, inspector.partitions))
    },
  }),
]

const erasureOf = (erasure: Erasure, partitions: number) => {
  const { progress, request } = erasure
  return {
    ...request,
    state: stateOf(erasure),
    places: placesOf(erasure, partitions),
    ...(progress?.state === 'done' ? { doneAt: progress.at } : {}),
    ...(progress?.trouble === undefined ? {} : { trouble: progress.trouble }),
  }
}
