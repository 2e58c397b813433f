import type { AlertGroup, ReplayResult } from '../../../service/index.ts'
import { type OutputFormat, printValue, table } from '../../terminal/output.ts'
import { counted } from '../../terminal/problems.ts'
import type { Terminal } from '../../terminal/terminal.ts'

const SAMPLES_SHOWN = 5

/** Tables for people; for programs one object a line: rules, hours, keys, differences, and the result's figures last. */
export async function printResult(
  terminal: Terminal,
  result: ReplayResult,
  format: OutputFormat,
): Promise<void> {
  switch (format) {
    case 'table':
      printTables(terminal, result)
      return
    case 'ndjson':
      printLines(terminal, result)
      return
    case 'json':
    case 'yaml':
      await printValue(terminal, result, format)
      return
    default:
      format satisfies never
  }
}

function printLines(terminal: Terminal, result: ReplayResult): void {
  const { rules, alertsPerHour, topKeys, difference, ...figures } = result
  const line = (kind: string, value: object): void => terminal.print(JSON.stringify({ kind, ...value }))
  for (const rule of rules) line('rule', rule)
  for (const hour of alertsPerHour) line('hour', hour)
  for (const key of topKeys) line('key', key)
  if (difference !== undefined) {
    const { onlyOld, both, onlyNew, ...about } = difference
    for (const sample of onlyOld.samples) line('only-old', sample)
    for (const sample of onlyNew.samples) line('only-new', sample)
    line('difference', { ...about, onlyOld: onlyOld.count, both: both.count, onlyNew: onlyNew.count })
  }
  line('result', figures)
}

function printTables(terminal: Terminal, result: ReplayResult): void {
  const { rules, alertsPerHour, topKeys, difference } = result
  terminal.print(
    table(terminal, rules, [
      { title: 'RULE', value: ({ rule }) => rule },
      { title: 'VERSION', value: ({ version }) => version, align: 'right' },
      { title: 'ALERTS', value: ({ alerts }) => alerts, align: 'right' },
      { title: 'WITHHELD', value: ({ withheld }) => reasons(withheld) },
    ]),
  )
  if (alertsPerHour.length > 0)
    terminal.print(
      `\n${table(terminal, alertsPerHour, [
        { title: 'HOUR', value: ({ hour }) => hour.slice(0, 16).replace('T', ' ') },
        { title: 'ALERTS', value: ({ alerts }) => alerts, align: 'right' },
        { title: '', value: ({ alerts }) => '▇'.repeat(Math.min(40, alerts)) },
      ])}`,
    )
  if (topKeys.length > 0)
    terminal.print(
      `\n${table(terminal, topKeys, [
        { title: 'KEY', value: ({ key }) => key },
        { title: 'ALERTS', value: ({ alerts }) => alerts, align: 'right' },
      ])}`,
    )
  if (difference !== undefined) {
    const old = difference.against === 'live' ? 'live' : `version ${difference.against}`
    terminal.print(`\nAgainst ${old}: ${difference.both.count} in both`)
    printGroup(terminal, { group: difference.onlyOld, name: `only in ${old}`, mark: '-', style: 'red' })
    printGroup(terminal, {
      group: difference.onlyNew,
      name: 'only in this replay',
      mark: '+',
      style: 'green',
    })
    if (difference.beforeSpan > 0)
      terminal.print(`  ${counted(difference.beforeSpan, 'live alert')} began before the span: not compared`)
    if (!difference.complete) terminal.print('  there were more alerts than are compared')
  }
  const why = result.deadLettered === 0 ? '' : ` (${reasons(result.deadLetters)})`
  terminal.print(
    `\n${counted(result.alerts, 'alert')} in ${counted(result.events, 'event')}; ${result.late} late, ${result.deadLettered} dead-lettered${why}; ${(result.durationMs / 1000).toFixed(1)} s, ${result.eventsPerSecond.toLocaleString('en')} entries/s`,
  )
}

/** `3 payload-not-json, 1 time-ahead`. */
function reasons(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ')
}

function printGroup(
  terminal: Terminal,
  shown: {
    readonly group: AlertGroup
    readonly name: string
    readonly mark: string
    readonly style: 'red' | 'green'
  },
): void {
  const { group, name, mark, style } = shown
  terminal.print(`  ${terminal.style(style, `${mark} ${group.count} ${name}`)}`)
  for (const { time, rule, key, message } of group.samples.slice(0, SAMPLES_SHOWN))
    terminal.print(`      ${time}  ${rule}  ${key}  ${message ?? ''}`.trimEnd())
}
