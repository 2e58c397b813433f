import type { JsonValue, Problem } from '../../../engine/index.ts'
import { type StoredRule, writtenText } from '../../catalogue/index.ts'
import { comparePlaces, type MatchPlace, placeOf } from '../../inspection.ts'
import { totalsByRule } from '../../telemetry/index.ts'
import { mayIn } from '../grants.ts'
import { askAll } from '../inspector.ts'
import { mergeFunnels } from '../merge-funnels.ts'
import { type Answer, data, problem, route } from '../route.ts'
import { RULE_ID, ref, SEVERITY_VALUES, STATUS_VALUES } from '../schemas/index.ts'
import { approvalOf, etagOf, headOf, noRule, ruleOf } from './rule-view.ts'

export const ID_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', pattern: RULE_ID, description: 'Id of the rule.' } },
} as const

export const VERSION_PARAMS = {
  type: 'object',
  required: ['id', 'version'],
  properties: {
    ...ID_PARAMS.properties,
    version: { type: 'integer', minimum: 1, maximum: 1_000_000_000, description: 'Of the rule.' },
  },
} as const

export const ETAG = { etag: { description: 'The revision, in quotes.', schema: { type: 'string' } } } as const
export const RULE_TEXT = {
  'application/yaml': { type: 'string', description: 'The text as it was written, comments included.' },
} as const

interface Id {
  readonly id: string
}

export const RULE_ROUTES = [
  route<
    unknown,
    { status?: string; namespace?: string; severity?: string; tag?: string; owner?: string },
    unknown
  >({
    method: 'GET',
    path: '/v1/rules',
    operation: 'listRules',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'All rules, by id',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        status: { enum: STATUS_VALUES },
        severity: { enum: SEVERITY_VALUES },
        namespace: { type: 'string', maxLength: 64 },
        tag: { type: 'string', maxLength: 64 },
        owner: { type: 'string', maxLength: 256 },
      },
    },
    responses: { 200: { description: 'Without their texts.', schema: ref('RuleList') } },
    handle: async ({ query, caller }, { catalogue }) => {
      const wanted = ({ record }: StoredRule): boolean =>
        mayIn(caller.grants, 'read', record.summary?.namespace) &&
        (query.status === undefined || record.status === query.status) &&
        (query.namespace === undefined || record.summary?.namespace === query.namespace) &&
        (query.severity === undefined || record.summary?.severity === query.severity) &&
        (query.owner === undefined || record.summary?.owner === query.owner) &&
        (query.tag === undefined || (record.summary?.tags.includes(query.tag) ?? false))
      return data({ rules: (await catalogue.list()).filter(wanted).map(headOf) })
    },
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}',
    operation: 'getRule',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'One rule, with its text',
    description: 'As JSON with its history data; as application/yaml the text alone.',
    params: ID_PARAMS,
    headers: {
      type: 'object',
      properties: { 'if-none-match': { type: 'string', description: 'Revision that the caller has.' } },
    },
    responses: {
      200: { description: 'The rule in force.', headers: ETAG, schema: ref('Rule'), types: RULE_TEXT },
      304: { description: 'The caller has this revision.' },
    },
    problems: [404],
    handle: async ({ params, headers, wants }, { catalogue }) => {
      const rule = await catalogue.get(params.id)
      if (rule === undefined) return noRule(params.id)
      const etag = etagOf(rule)
      if (headers['if-none-match'] === etag.etag) return { kind: 'empty', status: 304, headers: etag }
      if (wants === 'yaml' && rule.record.format === 'yaml')
        return {
          kind: 'text',
          status: 200,
          type: 'application/yaml',
          text: rule.record.source,
          headers: etag,
        }
      // What was written in JSON is YAML as well, once its data is printed so.
      return wants === 'yaml'
        ? data(JSON.parse(rule.record.source), 200, etag)
        : data(ruleOf(rule), 200, etag)
    },
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/versions',
    operation: 'listRuleVersions',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'Every version of a rule, newest first',
    description: 'Also of a rule that was deleted.',
    params: ID_PARAMS,
    responses: { 200: { description: 'Without their texts.', schema: ref('RuleVersions') } },
    problems: [404],
    handle: async ({ params: { id } }, { catalogue }) => {
      const versions = await catalogue.versions(id)
      if (versions === undefined) return noRule(id)
      return data({
        id,
        versions: versions.map(({ record, current }) => ({
          version: record.version,
          kind: record.kind,
          current,
          status: record.kind === 'put' ? record.status : undefined,
          did: record.kind === 'put' ? record.did : undefined,
          author: record.author,
          reason: record.reason,
          at: record.at,
          ...approvalOf(record),
        })),
      })
    },
  }),
  route<Id & { version: number }, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/versions/{version}',
    operation: 'getRuleVersion',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'One version of a rule, with its text',
    params: VERSION_PARAMS,
    responses: { 200: { description: 'As it was written.', schema: ref('RuleVersion'), types: RULE_TEXT } },
    problems: [404],
    handle: async ({ params: { id, version }, wants }, { catalogue }) => {
      const record = await catalogue.version(id, version)
      if (record === undefined)
        return problem(404, 'rule-not-found', `there is no version ${version} of the rule ${id}`)
      const written = record.kind === 'put' ? writtenText(record) : undefined
      if (wants === 'yaml' && written?.format === 'yaml')
        return { kind: 'text', status: 200, type: 'application/yaml', text: written.text }
      const { kind, author, reason, at } = record
      const text =
        record.kind === 'put' && written !== undefined
          ? { status: record.status, did: record.did, format: written.format, source: written.text }
          : {}
      return data({ id, version, kind, ...text, author, reason, at, ...approvalOf(record) })
    },
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/explain',
    operation: 'explainRule',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'A rule read back as plain sentences, with its automaton and what it costs',
    params: ID_PARAMS,
    responses: { 200: { description: 'The explanation.', schema: ref('Explanation') } },
    problems: [404, 422],
    handle: async ({ params: { id } }, { catalogue, compiler }) => {
      const rule = await catalogue.get(id)
      if (rule === undefined) return noRule(id)
      const explained = await compiler.explain({ text: rule.record.source, format: rule.record.format })
      if (explained.kind === 'busy') return busy()
      if (explained.kind === 'refused') return notReadable(explained.problems)
      return data({ id, ...explained.value })
    },
  }),
  route<Id, { key?: string; limit: number; cursor?: string }, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/matches',
    operation: 'listPartialMatches',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'Partial matches of a rule, oldest first',
    description:
      'Of all its versions that run: the one in force, a candidate, and those that finish what they began. Each has its own, so what began in two versions stands here twice.',
    params: ID_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        key: { type: 'string', maxLength: 1024, description: 'Of one key only; JSON, or text as it is.' },
        limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
        cursor: { type: 'string', maxLength: 4096, description: '`next` of the page before.' },
      },
    },
    responses: { 200: { description: 'As the workers have them now.', schema: ref('RuleMatches') } },
    problems: [404, 422],
    handle: async ({ params: { id }, query }, { catalogue, inspector }) => {
      const after = query.cursor === undefined ? undefined : placeIn(query.cursor)
      if (after === 'unreadable') return problem(422, 'cursor-not-accepted', 'no page ended at this cursor')
      if ((await catalogue.get(id)) === undefined) return noRule(id)
      const { answers, unreachable } = await askAll(inspector, {
        kind: 'matches',
        rule: id,
        limit: query.limit,
        ...(after === undefined ? {} : { after }),
        ...(query.key === undefined ? {} : { key: keyOf(query.key) }),
      })
      const matches = answers
        .flatMap(({ answer }) => answer.matches)
        .sort((left, right) => comparePlaces(placeOf(left), placeOf(right)))
      const total = answers.reduce((sum, { answer }) => sum + answer.total, 0)
      const page = matches.slice(0, query.limit)
      const last = page.at(-1)
      // A full page may have more behind it; the page after the last one is empty.
      const isFull = last !== undefined && page.length === query.limit
      const next = isFull ? { next: Buffer.from(JSON.stringify(placeOf(last))).toString('base64url') } : {}
      return data({ rule: id, total, matches: page, ...next, unreachable })
    },
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/funnel',
    operation: 'getRuleFunnel',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'How many partial matches of a rule wait at which step',
    description: 'Of all its versions that run, version by version.',
    params: ID_PARAMS,
    responses: { 200: { description: 'As the workers have them now.', schema: ref('RuleFunnel') } },
    problems: [404],
    handle: async ({ params: { id } }, { catalogue, inspector }) => {
      if ((await catalogue.get(id)) === undefined) return noRule(id)
      const { answers, unreachable } = await askAll(inspector, { kind: 'funnel', rule: id })
      return data({ rule: id, ...mergeFunnels(answers.map(({ answer }) => answer)), unreachable })
    },
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/stats',
    operation: 'getRuleStats',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'What a rule did, in total and per partition',
    params: ID_PARAMS,
    responses: { 200: { description: 'As the workers have it now.', schema: ref('RuleStats') } },
    problems: [404],
    handle: async ({ params: { id } }, { catalogue, inspector }) => {
      if ((await catalogue.get(id)) === undefined) return noRule(id)
      const { answers, unreachable } = await askAll(inspector, { kind: 'rule', rule: id })
      const readings = answers.flatMap(({ answer }) => (answer.reading === undefined ? [] : [answer.reading]))
      const [total] = totalsByRule(readings)
      const partitions = answers.map(({ partition, answer }) => ({ partition, ...answer }))
      return data({ rule: id, ...(total === undefined ? {} : { total }), partitions, unreachable })
    },
  }),
]

export const busy = (): Answer =>
  problem(503, 'compiler-busy', 'too many rule texts are waiting to be read', {
    headers: { 'retry-after': '2' },
  })

export const notReadable = (errors: readonly Problem[]): Answer =>
  problem(422, 'rule-not-accepted', summaryOf(errors), { errors })

function summaryOf(errors: readonly Problem[]): string {
  const count = errors.filter(({ severity }) => severity === 'error').length
  return count === 1 ? 'the text has 1 problem' : `the text has ${count} problems`
}

function placeIn(cursor: string): MatchPlace | 'unreadable' {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const [startedAt, seq, key] = Array.isArray(place) ? place : []
    if (typeof startedAt === 'string' && typeof seq === 'number' && typeof key === 'string')
      return [startedAt, seq, key]
  } catch {
    // Below.
  }
  return 'unreadable'
}

function keyOf(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
