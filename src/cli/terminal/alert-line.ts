import { printable } from './printable.ts'
import type { Style, Terminal } from './terminal.ts'

/** What a line about an alert needs of it; the rest of the CloudEvent is not looked at. */
export interface AlertSummary {
  readonly time: string
  readonly severity: string
  readonly rule: string
  readonly message: string
  readonly mode: 'live' | 'shadow' | 'withheld'
  /** Why it was withheld. */
  readonly reason: string | undefined
}

const STYLES: Readonly<Record<string, Style | readonly Style[]>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
}

/** The alert in a CloudEvent; undefined when it is none. */
export function alertSummary(event: unknown): AlertSummary | undefined {
  const { time, data } = (event ?? {}) as { readonly time?: unknown; readonly data?: unknown }
  if (typeof time !== 'string' || typeof data !== 'object' || data === null) return undefined
  const fields = data as Readonly<Record<string, unknown>>
  const { severity, rule, message, title, mode, withheld } = fields
  if (typeof rule !== 'string') return undefined
  const reason = (withheld as { readonly reason?: unknown } | undefined)?.reason
  return {
    time,
    rule,
    severity: typeof severity === 'string' ? severity : '',
    message: typeof message === 'string' ? message : typeof title === 'string' ? title : '',
    mode: reason !== undefined ? 'withheld' : mode === 'shadow' ? 'shadow' : 'live',
    reason: typeof reason === 'string' ? reason : undefined,
  }
}

/** `10:00:41  HIGH      card-testing  Card 4f2a: 7 small declines, then 250 approved`. */
export function alertLine(terminal: Terminal, alert: AlertSummary, now: number): string {
  const severity = printable(alert.severity.toUpperCase()).padEnd(8)
  const mode = alert.mode === 'live' ? '' : terminal.style('dim', `  (${alert.reason ?? alert.mode})`)
  return [
    terminal.style('dim', timeColumn(alert.time, now)),
    terminal.style(STYLES[alert.severity] ?? 'dim', severity),
    printable(alert.rule).padEnd(26),
    `${printable(alert.message)}${mode}`,
  ].join('  ')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** The time of day by the clock on the wall; of another day, the day. Eight characters. */
export function timeColumn(time: string, now: number): string {
  const at = new Date(time)
  if (Number.isNaN(at.getTime())) return ''.padEnd(8)
  const two = (value: number): string => String(value).padStart(2, '0')
  if (at.toDateString() === new Date(now).toDateString())
    return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return `${two(at.getDate())} ${MONTHS[at.getMonth()] ?? ''}`.padEnd(8)
}
