import { data, route } from '../route.ts'
import { ref } from '../schemas/index.ts'

export const AUDIT_ROUTES = [
  route<unknown, { readonly limit: number; readonly cursor?: string }, unknown>({
    method: 'GET',
    path: '/v1/audit',
    operation: 'listAudit',
    tag: 'service',
    access: 'operate',
    summary: 'Who changed what, and who was refused, oldest first',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
        cursor: { type: 'string', pattern: '^\\d{1,15}$', description: '`next` of the page before.' },
      },
    },
    responses: { 200: { description: 'One page.', schema: ref('AuditPage') } },
    handle: async ({ query }, { audit }) => {
      const { records, next } = await audit.page({ after: Number(query.cursor ?? 0), limit: query.limit })
      return data({ records, ...(next === undefined ? {} : { next: String(next) }) })
    },
  }),
  route<unknown, unknown, unknown>({
    method: 'GET',
    path: '/v1/audit/verification',
    operation: 'verifyAudit',
    tag: 'service',
    access: 'operate',
    slow: true,
    summary: 'Whether the audit log is as it was written',
    description:
      'Recomputes the hash of every record. `broken` is the first that does not fit. What was cut off at the end shows only when `head` is no longer found: keep it somewhere else.',
    responses: { 200: { description: 'What was found.', schema: ref('AuditVerdict') } },
    handle: async (_call, { audit }) => data(await audit.verify()),
  }),
]
