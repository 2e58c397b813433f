import { mayIn } from '../grants.ts'
import { askAll } from '../inspector.ts'
import { type Answer, data, route } from '../route.ts'
import { ref } from '../schemas/index.ts'
import type { Health } from '../services.ts'

const PLAIN = 'text/plain; version=0.0.4; charset=utf-8'

/** What every process answers, also one that runs no API. */
export const HEALTH_ROUTES = [
  route({
    method: 'GET',
    path: '/livez',
    operation: 'getLiveness',
    tag: 'service',
    access: 'public',
    summary: 'Whether the process lives',
    description: 'Says nothing about what it depends on: restarting would not mend that.',
    responses: { 200: { description: 'It lives.', schema: ref('Health') } },
    handle: async () => data({ status: 'ok', checks: [] }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    operation: 'getReadiness',
    tag: 'service',
    access: 'public',
    summary: 'Whether it can do its work now, and why not',
    responses: {
      200: { description: 'It can.', schema: ref('Health') },
      503: { description: 'It cannot; the checks say why.', schema: ref('Health') },
    },
    handle: async (_call, { health }) => healthAnswer(await health()),
  }),
  route({
    method: 'GET',
    path: '/metrics',
    operation: 'getMetrics',
    tag: 'service',
    access: 'read',
    summary: 'Metrics in the text format of Prometheus',
    responses: {
      200: { description: 'docs/spec/telemetry.md', types: { 'text/plain': { type: 'string' } } },
    },
    handle: async (_call, { prometheus }) => ({
      kind: 'text',
      status: 200,
      type: PLAIN,
      text: await prometheus(),
    }),
  }),
]

export const STATUS_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/status',
    operation: 'getStatus',
    tag: 'service',
    access: 'read',
    scope: 'namespace',
    summary: 'Version, broker and partitions',
    responses: { 200: { description: 'As it is now.', schema: ref('Status') } },
    handle: async ({ caller }, { about, inspector }) => {
      const { answers, unreachable } = await askAll(inspector, { kind: 'status' })
      const partitions = answers.map(({ answer }) => ({
        ...answer,
        guests: answer.guests.filter(({ namespace }) => mayIn(caller.grants, 'read', namespace)),
      }))
      return data({ ...(await about()), partitions, unreachable })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/config',
    operation: 'getConfiguration',
    tag: 'service',
    access: 'operate',
    summary: 'The configuration in force, secrets hidden',
    responses: { 200: { description: 'docs/reference/configuration.md', schema: ref('Configuration') } },
    handle: async (_call, { configuration }) => data(configuration()),
  }),
]

function healthAnswer({ ready, checks }: Health): Answer {
  return data({ status: ready ? 'ok' : 'unavailable', checks }, ready ? 200 : 503)
}
