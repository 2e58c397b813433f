import type { AlertStateName } from '../../desk/index.ts'
import { ALERT_FILTERS, type AlertMode, alertMatches, readAlert } from '../alert-log.ts'
import { alertFilterOf, mayTouchAlert } from '../namespaces.ts'
import { data, problem, route } from '../route.ts'
import { RULE_ID, ref, SEVERITY_VALUES } from '../schemas/index.ts'
import { ALERT_PARAMS, findAlert, noAlert, STATE_KEY } from './alert-states.ts'
import { instantOf } from './instant.ts'
import { ETAG } from './rules.ts'
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
  readonly state?: AlertStateName
  readonly limit: number
  readonly order: 'desc' | 'asc'
  readonly cursor?: string
}

export const ALERT_ROUTES = [
  route<unknown, PageQuery, unknown>({
    method: 'GET',
    path: '/v1/alerts',
    operation: 'listAlerts',
    tag: 'alerts',
    access: 'read',
    scope: 'namespace',
    summary: 'Alerts, newest first',
    description: 'Times are those of storing. `next` (and the Link header) is the cursor of the next page.',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        ...FILTER,
        since: { ...INSTANT, description: 'ISO 8601, or how long ago; inclusive.' },
        until: { ...INSTANT, description: 'ISO 8601, or how long ago; exclusive.' },
        state: {
          enum: ['open', 'acknowledged', 'closed'],
          description: 'Only in this state; an alert that nobody said anything of is open.',
        },
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
    handle: async ({ query, url, caller }, services) => {
      const { alerts, states, now } = services
      const { rule, severity, key, reason, limit, order } = query
      const since = instantOf(query.since, now())
      const until = instantOf(query.until, now())
      for (const [name, value] of [['since', since] as const, ['until', until] as const])
        if (value === 'unreadable')
          return problem(400, 'time-not-readable', `${name} is neither ISO 8601 nor a length of time`, {
            hint: 'for example 2026-01-01T00:00:00Z, or 24h',
          })
      const { state } = query
      const known = state === undefined ? undefined : await states.states()
      const visible = await alertFilterOf(caller, services)
      const page = await alerts.page({
        mode: modeOf(query),
        limit,
        order,
        ...(known === undefined && visible === undefined
          ? {}
          : {
              accept: (alert) =>
                (visible?.(alert) ?? true) &&
                (known === undefined || (known.get(String(alert['id'])) ?? 'open') === state),
            }),
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
    scope: 'namespace',
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
    handle: async ({ query, headers, signal, caller }, services) => {
      const { output } = services
      const from = await startOf(output, headers['last-event-id'], query.from)
      return {
        kind: 'stream',
        run: (sink) =>
          output.follow({ filter: ALERT_FILTERS[modeOf(query)], signal, from }, async (message) => {
            const entry = readAlert(message)
            if (entry === undefined || !alertMatches(entry.alert, query)) return
            if (await mayTouchAlert(caller, 'read', entry.alert, services))
              await sink.send({ id: String(entry.sequence), event: 'alert', data: entry })
          }),
      }
    },
  }),
  route<{ readonly id: string }, unknown, unknown>({
    method: 'GET',
    path: '/v1/alerts/{id}',
    operation: 'getAlert',
    tag: 'alerts',
    access: 'read',
    scope: 'namespace',
    summary: 'One alert by its id or sequence, with its state',
    description:
      'The ETag is that of the state; `history` holds what people said of the alert, oldest first.',
    params: ALERT_PARAMS,
    responses: { 200: { description: 'The alert.', headers: ETAG, schema: ref('AlertDetail') } },
    problems: [404],
    handle: async ({ params, caller }, services) => {
      const entry = await findAlert(params.id, services)
      if (entry === undefined || !(await mayTouchAlert(caller, 'read', entry.alert, services)))
        return noAlert(params.id)
      const id = String(entry.alert['id'])
      const isOurs = STATE_KEY.test(id)
      const state = isOurs ? await services.states.get(id) : undefined
      const history = state === undefined ? [] : await services.states.history(id)
      return data(
        {
          ...entry,
          state: state?.record.state ?? 'open',
          revision: state?.revision ?? 0,
          history: history.map(({ version: _, ...said }) => said),
        },
        200,
        { etag: `"${state?.revision ?? 0}"` },
      )
    },
  }),
]

function withCursor(url: string, cursor: string): string {
  const [path = '', query = ''] = url.split('?', 2)
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', cursor)
  return `${path}?${parameters}`
}
