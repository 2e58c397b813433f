import { ALERT_FILTERS, type AlertMode, alertMatches, readAlert } from '../alert-log.ts'
import { data, problem, route } from '../route.ts'
import { RULE_ID, ref, SEVERITY_VALUES } from '../schemas.ts'
import { instantOf } from './instant.ts'
import { startOf } from './stream-start.ts'

const FILTER = {
  rule: { type: 'string', pattern: RULE_ID, description: 'Only of this rule.' },
  severity: { enum: SEVERITY_VALUES },
  key: {
    type: 'string',
    maxLength: 1024,
    description: 'Only of this key, as text (the subject of the CloudEvent).',
  },
  mode: {
    enum: ['live', 'shadow', 'withheld'],
    default: 'live',
    description: 'Raised, raised in shadow, or kept back with a reason.',
  },
  withheld: { type: 'boolean', default: false, description: 'The same as mode=withheld.' },
  reason: {
    enum: ['suppressed', 'excepted', 'silenced', 'rate-limited'],
    description: 'Only kept back for this reason; the mode is withheld then.',
  },
} as const

const INSTANT = {
  type: 'string',
  maxLength: 64,
  examples: ['2026-01-01T00:00:00Z', '24h'],
} as const

interface Filter {
  readonly rule?: string
  readonly severity?: string
  readonly key?: string
  readonly mode: AlertMode
  readonly withheld: boolean
  readonly reason?: string
}

const modeOf = ({ mode, withheld, reason }: Filter): AlertMode =>
  withheld || reason !== undefined ? 'withheld' : mode

interface PageQuery extends Filter {
  readonly since?: string
  readonly until?: string
  readonly limit: number
  readonly order: 'desc' | 'asc'
  readonly cursor?: string
}

const MODES: readonly (readonly [AlertMode, RegExp])[] = [
  ['live', /^alerts\./],
  ['shadow', /^shadow\.alerts\./],
  ['withheld', /^withheld\.alerts\./],
]

export const ALERT_ROUTES = [
  route<unknown, PageQuery, unknown>({
    method: 'GET',
    path: '/v1/alerts',
    operation: 'listAlerts',
    tag: 'alerts',
    access: 'read',
    summary: 'Alerts, newest first',
    description: 'Times are those of storing. `next` (and the Link header) is the cursor of the next page.',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        ...FILTER,
        since: { ...INSTANT, description: 'ISO 8601, or how long ago; inclusive.' },
        until: { ...INSTANT, description: 'ISO 8601, or how long ago; exclusive.' },
        limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
        order: { enum: ['desc', 'asc'], default: 'desc' },
        cursor: { type: 'string', pattern: '^\\d{1,15}$', description: '`next` of the page before.' },
      },
    },
    responses: {
      200: {
        description: 'One page.',
        schema: ref('AlertPage'),
        headers: { link: { description: 'rel="next"', schema: { type: 'string' } } },
      },
    },
    handle: async ({ query, url }, { alerts, now }) => {
      const { rule, severity, key, reason, limit, order } = query
      const since = instantOf(query.since, now())
      const until = instantOf(query.until, now())
      for (const [name, value] of [['since', since] as const, ['until', until] as const])
        if (value === 'unreadable')
          return problem(400, 'time-not-readable', `${name} is neither ISO 8601 nor a length of time`, {
            hint: 'for example 2026-01-01T00:00:00Z, or 24h',
          })
      const page = await alerts.page({
        mode: modeOf(query),
        limit,
        order,
        ...(reason === undefined ? {} : { reason }),
        ...(rule === undefined ? {} : { rule }),
        ...(severity === undefined ? {} : { severity }),
        ...(key === undefined ? {} : { key }),
        ...(typeof since === 'number' ? { since } : {}),
        ...(typeof until === 'number' ? { until } : {}),
        ...(query.cursor === undefined ? {} : { cursor: Number(query.cursor) }),
      })
      if (page.next === undefined) return data({ alerts: page.alerts })
      const next = String(page.next)
      return data({ alerts: page.alerts, next }, 200, { link: `<${withCursor(url, next)}>; rel="next"` })
    },
  }),
  route<unknown, Filter & { readonly from?: string }, unknown>({
    method: 'GET',
    path: '/v1/alerts/stream',
    operation: 'streamAlerts',
    tag: 'alerts',
    access: 'read',
    summary: 'Alerts as they are raised (server-sent events)',
    description:
      'Event `alert`; its id is the sequence in the alert log. Last-Event-ID (which browsers send by themselves) goes on behind that alert, so none is missed.',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        ...FILTER,
        from: {
          type: 'string',
          pattern: '^\\d{1,15}$',
          description: 'First sequence to see; default: from now on.',
        },
      },
    },
    headers: {
      type: 'object',
      properties: {
        'last-event-id': {
          type: 'string',
          pattern: '^\\d{1,15}$',
          description: 'Sequence of the last alert seen.',
        },
      },
    },
    responses: {
      200: {
        description: 'Lives until the caller goes.',
        types: { 'text/event-stream': { type: 'string', description: 'Server-sent events.' } },
      },
    },
    handle: async ({ query, headers, signal }, { output }) => {
      const from = await startOf(output, headers['last-event-id'], query.from)
      return {
        kind: 'stream',
        run: (sink) =>
          output.follow({ filter: ALERT_FILTERS[modeOf(query)], signal, from }, async (message) => {
            const entry = readAlert(message)
            if (entry !== undefined && alertMatches(entry.alert, query))
              await sink.send({ id: String(entry.sequence), event: 'alert', data: entry })
          }),
      }
    },
  }),
  route<{ sequence: number }, unknown, unknown>({
    method: 'GET',
    path: '/v1/alerts/{sequence}',
    operation: 'getAlert',
    tag: 'alerts',
    access: 'read',
    summary: 'One alert by its sequence',
    params: {
      type: 'object',
      required: ['sequence'],
      properties: {
        sequence: {
          type: 'integer',
          minimum: 1,
          maximum: 999_999_999_999_999,
          description: 'In the alert log.',
        },
      },
    },
    responses: { 200: { description: 'The alert.', schema: ref('AlertEntry') } },
    problems: [404],
    handle: async ({ params }, { alerts }) => {
      for (const [mode] of MODES) {
        const { alerts: found } = await alerts.page({
          mode,
          limit: 1,
          order: 'asc',
          cursor: params.sequence - 1,
        })
        if (found[0]?.sequence === params.sequence) return data(found[0])
      }
      return problem(404, 'alert-not-found', `there is no alert ${params.sequence}`)
    },
  }),
]

function withCursor(url: string, cursor: string): string {
  const [path = '', query = ''] = url.split('?', 2)
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', cursor)
  return `${path}?${parameters}`
}
