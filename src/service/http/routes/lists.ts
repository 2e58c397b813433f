import { setTimeout as sleep } from 'node:timers/promises'
import { type Problem, readLists } from '../../../engine/index.ts'
import type { WriteBy } from '../../catalogue/index.ts'
import {
  type ListOutcome,
  type ListText,
  readValues,
  type StoredList,
  type ValuesFormat,
} from '../../desk/index.ts'
import { awaitActivation } from '../inspector.ts'
import { problemEntry } from '../problem.ts'
import { type Answer, type Call, data, problem, route, type TextBody } from '../route.ts'
import { ref } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { badPrecondition, DRY_RUN, expectationOf, FORCE, PRECONDITIONS, REASON } from './preconditions.ts'
import { ETAG } from './rules.ts'

const LIST_NAME = '^[a-z0-9][a-z0-9_-]{0,63}$'

const NAME_PARAMS = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', pattern: LIST_NAME, description: 'Of the list.' } },
} as const

const WRITE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { dryRun: DRY_RUN, force: FORCE, reason: REASON },
} as const

interface Name {
  readonly name: string
}

interface WriteQuery {
  readonly dryRun: boolean
  readonly force: boolean
  readonly reason?: string
}

const WRITTEN = {
  200: { description: 'Stored, or the same already.', headers: ETAG, schema: ref('ListWritten') },
}

export const LIST_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/lists',
    operation: 'listLists',
    tag: 'lists',
    access: 'read',
    scope: 'namespace',
    summary: 'All lists, by name, without their values',
    responses: { 200: { description: 'The lists.', schema: ref('Lists') } },
    handle: async (_call, { lists }) => data({ lists: (await lists.list()).map(headOf) }),
  }),
  route<Name, unknown, unknown>({
    method: 'GET',
    path: '/v1/lists/{name}',
    operation: 'getList',
    tag: 'lists',
    access: 'read',
    scope: 'namespace',
    summary: 'One list with its values',
    params: NAME_PARAMS,
    responses: { 200: { description: 'The list.', headers: ETAG, schema: ref('List') } },
    problems: [404],
    handle: async ({ params }, { lists, now }) => {
      const list = await lists.get(params.name)
      return list === undefined ? noList(params.name) : data(listOf(list, now()), 200, etagOf(list))
    },
  }),
  route<Name, WriteQuery, TextBody>({
    method: 'PUT',
    path: '/v1/lists/{name}',
    operation: 'putList',
    tag: 'lists',
    access: 'write',
    summary: 'Create a list or replace all of it',
    description:
      'Changing a list needs If-Match with its revision (the ETag), or force=true; otherwise 428. It takes effect at its place in the input log.',
    params: NAME_PARAMS,
    query: WRITE_QUERY,
    headers: PRECONDITIONS,
    body: {
      kind: 'text',
      bytesMax: 'events',
      types: {
        'application/yaml': { type: 'string', description: 'A list document.' },
        'application/json': { type: 'object', description: 'schemas/list.v1.schema.json' },
      },
    },
    responses: WRITTEN,
    problems: [412, 422, 428],
    handle: async (call, services) => {
      const expected = expectationOf(call, call.query.force)
      if (expected === undefined) return badPrecondition()
      const read = readLists(call.body.text, {
        format: call.body.type === 'application/json' ? 'json' : 'yaml',
      })
      if (!read.ok) return notAccepted(read.problems.map(problemEntry))
      const [list] = read.value
      if (list === undefined || read.value.length !== 1 || list.name !== call.params.name)
        return notAccepted([
          {
            code: 'list-name-differs',
            severity: 'error',
            message: `the body is not one list with the name ${call.params.name}`,
            hint: `begin it with list: ${call.params.name}`,
            pointer: '/list',
          },
        ])
      const { name: _, ...text } = list
      const outcome = await services.lists.put(call.params.name, text as ListText, expected, byOf(call))
      return answerOf(outcome, call, services)
    },
  }),
  route<Name, WriteQuery, unknown>({
    method: 'DELETE',
    path: '/v1/lists/{name}',
    operation: 'deleteList',
    tag: 'lists',
    access: 'write',
    summary: 'Remove a list; rules that name it find nothing on it',
    description: 'A warning names each of them; `dryRun=true` only says which they are.',
    params: NAME_PARAMS,
    query: WRITE_QUERY,
    headers: PRECONDITIONS,
    responses: { 200: { description: 'Removed.', schema: ref('ListWritten') } },
    problems: [404, 412, 428],
    handle: async (call, services) => {
      const expected = expectationOf(call, call.query.force)
      if (expected === undefined) return badPrecondition()
      const outcome = await services.lists.remove(call.params.name, expected, byOf(call))
      const warnings = outcome.kind === 'stored' ? await usesOf(call.params.name, services) : []
      return answerOf(outcome, call, services, warnings)
    },
  }),
  route<Name, { readonly value?: string }, unknown>({
    method: 'GET',
    path: '/v1/lists/{name}/values',
    operation: 'listValues',
    tag: 'lists',
    access: 'read',
    scope: 'namespace',
    summary: 'The values of a list, or whether one is on it',
    params: NAME_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { value: { type: 'string', maxLength: 1024, description: 'Only this one.' } },
    },
    responses: { 200: { description: 'The values.', headers: ETAG, schema: ref('ListValues') } },
    problems: [404],
    handle: async ({ params, query }, { lists, now }) => {
      const list = await lists.get(params.name)
      if (list === undefined) return noList(params.name)
      const { values } = listOf(list, now())
      const found = values.filter(({ value }) => query.value === undefined || String(value) === query.value)
      return data({ values: found }, 200, etagOf(list))
    },
  }),
  route<Name, Omit<WriteQuery, 'force'>, TextBody>({
    method: 'POST',
    path: '/v1/lists/{name}/values',
    operation: 'addListValues',
    tag: 'lists',
    access: 'write',
    summary: 'Put values on a list, one or ten thousand',
    description:
      'JSON: a value, an array, or `{ "values": [...] }`, where a value may be `{ value, until, why }`; text: one per line; CSV: value, until, why. Nothing is stored when a line cannot be read. A list that is not there is made. If-Match is honoured, and not needed.',
    params: NAME_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { dryRun: DRY_RUN, reason: REASON },
    },
    headers: PRECONDITIONS,
    body: {
      kind: 'text',
      bytesMax: 'events',
      types: {
        'application/json': { description: 'Values, or objects with value, until and why.' },
        'application/x-ndjson': { type: 'string', description: 'One JSON value per line.' },
        'text/plain': { type: 'string', description: 'One text per line.' },
        'text/csv': { type: 'string', description: 'value,until,why' },
      },
    },
    responses: WRITTEN,
    problems: [409, 412, 422],
    handle: async (call, services) => {
      const expected = expectationOf(call)
      if (expected === undefined) return badPrecondition()
      const read = readValues(call.body.text, call.body.type as ValuesFormat)
      if (!read.ok) return notAccepted(read.problems.map(problemEntry))
      const outcome = await services.lists.change(call.params.name, { add: read.value }, expected, byOf(call))
      return answerOf(outcome, call, services)
    },
  }),
  route<Name, { readonly value: string; readonly dryRun: boolean; readonly reason?: string }, unknown>({
    method: 'DELETE',
    path: '/v1/lists/{name}/values',
    operation: 'removeListValue',
    tag: 'lists',
    access: 'write',
    summary: 'Take a value off a list',
    params: NAME_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      required: ['value'],
      properties: {
        value: { type: 'string', maxLength: 1024, description: 'As text.' },
        dryRun: DRY_RUN,
        reason: REASON,
      },
    },
    headers: PRECONDITIONS,
    responses: WRITTEN,
    problems: [404, 409, 412],
    handle: async (call, services) => {
      const expected = expectationOf(call)
      if (expected === undefined) return badPrecondition()
      const change = { remove: [call.query.value] }
      const outcome = await services.lists.change(call.params.name, change, expected, byOf(call))
      return answerOf(outcome, call, services)
    },
  }),
]

const headOf = ({ record, revision }: StoredList) => {
  const { list, version, description, owner, author, reason, at, values } = record
  return { list, version, revision, description, owner, author, reason, at, count: values.length }
}

const listOf = (list: StoredList, now: number) => ({
  ...headOf(list),
  values: list.record.values.map((item) => ({
    ...item,
    ...(item.until !== undefined && Date.parse(item.until) <= now ? { expired: true } : {}),
  })),
})

const etagOf = ({ revision }: StoredList): { readonly etag: string } => ({ etag: `"${revision}"` })

const byOf = (
  call: Call<unknown, { readonly dryRun: boolean; readonly reason?: string }, unknown>,
): WriteBy => ({
  dryRun: call.query.dryRun,
  ...(call.caller.id === undefined ? {} : { author: call.caller.id }),
  ...(call.query.reason === undefined ? {} : { reason: call.query.reason }),
})

const noList = (name: string): Answer => problem(404, 'list-not-found', `there is no list ${name}`)

const notAccepted = (errors: readonly Record<string, unknown>[]): Answer =>
  problem(
    422,
    'request-not-accepted',
    `the text has ${errors.length} problem${errors.length === 1 ? '' : 's'}`,
    {
      more: { errors },
    },
  )

/** A warning for every rule that looks values up in the list. Those that cannot be read now are passed over. */
async function usesOf(name: string, { catalogue, compiler }: Services): Promise<readonly Problem[]> {
  const texts = (await catalogue.list())
    .filter(({ record }) => record.status !== 'disabled' && record.source.includes(name))
    .map(({ record }) => ({ text: record.source, format: record.format }))
  const compiled = texts.length === 0 ? undefined : await compiler.compile(texts)
  const rules = compiled?.kind === 'done' ? compiled.value : []
  return rules
    .filter(({ lists }) => lists.some(({ list }) => list === name))
    .map(({ id }) => ({
      code: 'list-in-use',
      severity: 'warning',
      message: `the rule ${id} looks values up in ${name}: nothing is on it without the list`,
      hint: 'put the list back, or take it out of the rule',
      at: {},
    }))
}

async function answerOf(
  outcome: ListOutcome,
  call: Call<Name, { readonly dryRun: boolean }, unknown>,
  { inspector, now }: Services,
  warnings: readonly Problem[] = [],
): Promise<Answer> {
  switch (outcome.kind) {
    case 'stored': {
      const { change, list } = outcome
      const { dryRun } = call.query
      const { list: id, version } = list.record
      const activation = dryRun
        ? {}
        : {
            activation: await awaitActivation(inspector, { kind: 'activated', what: 'list', id }, version, {
              now,
              sleep,
            }),
          }
      const said = warnings.length === 0 ? {} : { warnings: warnings.map(problemEntry) }
      return data({ ...headOf(list), change, dryRun, ...activation, ...said }, 200, etagOf(list))
    }
    case 'invalid':
      return notAccepted([problemEntry(outcome.problem)])
    case 'conflict':
      return problem(412, 'changed-meanwhile', `somebody else changed the list ${call.params.name}`, {
        hint: 'read it again, and name its revision in If-Match',
      })
    case 'expectation-needed':
      return problem(428, 'precondition-needed', `the list ${call.params.name} exists`, {
        hint: 'send If-Match with its revision, or ?force=true',
      })
    case 'not-found':
      return noList(call.params.name)
    default:
      return outcome satisfies never
  }
}
