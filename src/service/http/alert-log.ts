import type { JsMsg } from '@nats-io/jetstream'
import { ALERT_STREAM, type Broker } from '../broker/index.ts'
import { readStream, storedAt } from '../stream-page.ts'

export type AlertMode = 'live' | 'shadow' | 'withheld'

/** Where alerts of a mode stand in the alert log. */
export const ALERT_FILTERS: Readonly<Record<AlertMode, string>> = {
  live: 'alerts.>',
  shadow: 'shadow.alerts.>',
  withheld: 'withheld.alerts.>',
}

export interface AlertFilter {
  readonly rule?: string
  readonly severity?: string
  /** The key as text: the `subject` of the CloudEvent. */
  readonly key?: string
  /** Why it was kept back. */
  readonly reason?: string
  /** Whatever else must be so. */
  readonly accept?: (alert: Readonly<Record<string, unknown>>) => boolean
}

export interface AlertQuery extends AlertFilter {
  readonly mode: AlertMode
  /** Milliseconds since 1970, by the time of storing; half-open. */
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly order: 'desc' | 'asc'
  /** Sequence behind which (in that order) the page starts. */
  readonly cursor?: number
}

/** One alert as the log holds it. */
export interface AlertEntry {
  readonly sequence: number
  readonly subject: string
  /** ISO 8601. */
  readonly storedAt: string
  /** The CloudEvent. */
  readonly alert: Readonly<Record<string, unknown>>
}

export interface AlertPage {
  readonly alerts: readonly AlertEntry[]
  /** Absent: there is no more. */
  readonly next?: number
}

export interface AlertLog {
  page(query: AlertQuery): Promise<AlertPage>
}

/** Entries looked at for one page; a page that would need more is shorter and has a cursor. */
const SCANNED_MAX = 50_000
const WINDOW_FIRST = 512

export function natsAlertLog(broker: Broker): AlertLog {
  return {
    page: async (query) => {
      const { state } = await broker.manager.streams.info(ALERT_STREAM)
      if (state.messages === 0) return { alerts: [] }
      const bounds = { first: state.first_seq, last: state.last_seq }
      return query.order === 'asc' ? ascending(broker, query, bounds) : descending(broker, query, bounds)
    },
  }
}

interface Bounds {
  readonly first: number
  readonly last: number
}

async function ascending(broker: Broker, query: AlertQuery, bounds: Bounds): Promise<AlertPage> {
  const alerts: AlertEntry[] = []
  let scanned = 0
  let last: number | undefined
  const from = Math.max(bounds.first, (query.cursor ?? 0) + 1)
  if (from > bounds.last) return { alerts }
  await readStream(
    broker.connection,
    { stream: ALERT_STREAM, filter: ALERT_FILTERS[query.mode], from, max: SCANNED_MAX },
    (message) => {
      scanned += 1
      const entry = matching(message, query)
      if (query.until !== undefined && storedAt(message) >= query.until) return false
      if (entry !== undefined) alerts.push(entry)
      last = message.seq
      return alerts.length < query.limit
    },
  )
  const more =
    (alerts.length >= query.limit || scanned >= SCANNED_MAX) && last !== undefined && last < bounds.last
  return { alerts, ...(more && last !== undefined ? { next: last } : {}) }
}

/** The broker reads forwards only: windows from the end towards the start, each read forwards, growing until the page is full. */
async function descending(broker: Broker, query: AlertQuery, bounds: Bounds): Promise<AlertPage> {
  const alerts: AlertEntry[] = []
  let high = Math.min(bounds.last, (query.cursor ?? Number.MAX_SAFE_INTEGER) - 1)
  let size = WINDOW_FIRST
  let scanned = 0
  while (high >= bounds.first) {
    const low = Math.max(bounds.first, high - size + 1)
    const found: AlertEntry[] = []
    let tooOld = false
    await readStream(
      broker.connection,
      { stream: ALERT_STREAM, filter: ALERT_FILTERS[query.mode], from: low, max: size },
      (message) => {
        if (message.seq > high) return false
        scanned += 1
        if (query.since !== undefined && storedAt(message) < query.since) tooOld = true
        const entry = matching(message, query)
        if (entry !== undefined) found.push(entry)
        return true
      },
    )
    alerts.push(...found.reverse())
    if (alerts.length > query.limit) alerts.length = query.limit
    const lastShown = alerts.at(-1)
    if (alerts.length === query.limit && lastShown !== undefined)
      return { alerts, ...(lastShown.sequence > bounds.first ? { next: lastShown.sequence } : {}) }
    if (tooOld || low <= bounds.first) return { alerts }
    if (scanned >= SCANNED_MAX) return { alerts, next: low }
    high = low - 1
    size = Math.min(size * 4, SCANNED_MAX)
  }
  return { alerts }
}

function matching(message: JsMsg, query: AlertQuery): AlertEntry | undefined {
  const time = storedAt(message)
  if (query.since !== undefined && time < query.since) return undefined
  if (query.until !== undefined && time >= query.until) return undefined
  const entry = readAlert({
    seq: message.seq,
    subject: message.subject,
    storedAt: time,
    string: () => message.string(),
  })
  return entry !== undefined && alertMatches(entry.alert, query) ? entry : undefined
}

/** The alert of a message; undefined when somebody else wrote something else there. */
export function readAlert(message: {
  readonly seq: number
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly storedAt: number
  string(): string
}): AlertEntry | undefined {
  try {
    const alert: unknown = JSON.parse(message.string())
    if (typeof alert !== 'object' || alert === null || Array.isArray(alert)) return undefined
    return {
      sequence: message.seq,
      subject: message.subject,
      storedAt: new Date(message.storedAt).toISOString(),
      alert: alert as Record<string, unknown>,
    }
  } catch {
    return undefined
  }
}

export function alertMatches(alert: Readonly<Record<string, unknown>>, filter: AlertFilter): boolean {
  const { rule, severity, withheld } = (alert['data'] ?? {}) as {
    rule?: unknown
    severity?: unknown
    withheld?: { reason?: unknown }
  }
  return (
    (filter.rule === undefined || filter.rule === rule) &&
    (filter.severity === undefined || filter.severity === severity) &&
    (filter.key === undefined || filter.key === alert['subject']) &&
    (filter.reason === undefined || filter.reason === withheld?.reason) &&
    (filter.accept === undefined || filter.accept(alert))
  )
}
