import type { RuleTestReport, TestReport } from '../../../engine/index.ts'
import { printable } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface FileReport {
  readonly file: string
  readonly rules: readonly RuleTestReport[]
}

/** A line per file, and of the tests that failed what differs and why. */
export function printReport(terminal: Terminal, reports: readonly FileReport[]): void {
  const width = Math.max(...reports.map(({ file }) => file.length))
  for (const { file, rules } of reports) {
    const tests = rules.flatMap((rule) => rule.tests)
    const failed = tests.filter((test) => !test.passed)
    const passed = terminal.style(
      failed.length === 0 ? 'green' : 'dim',
      `${tests.length - failed.length} passed`,
    )
    const broken = failed.length === 0 ? '' : terminal.style('red', `, ${failed.length} failed`)
    const outcome = tests.length === 0 ? terminal.style('yellow', 'no tests') : `${passed}${broken}`
    terminal.print(`${file.padEnd(width)}  ${outcome}`)
    for (const test of failed) for (const line of failureLines(file, test)) terminal.print(`  ${line}`)
  }
}

function failureLines(file: string, test: TestReport): readonly string[] {
  const place = test.line === undefined ? file : `${file}:${test.line}`
  const lines = [`✗ ${printable(test.name).padEnd(60)}  ${place}`]
  const { failure } = test
  if (failure === undefined) return lines
  if (failure.way !== 'straight') lines.push(`    only when ${WAYS[failure.way]}`)
  if (failure.expected !== failure.got)
    lines.push(`    expected  ${failure.expected}`, `    got       ${failure.got}`)
  if (failure.reason !== undefined) lines.push(`    because   ${printable(failure.reason)}`)
  for (const { field, expected, got } of failure.differences)
    lines.push(`    ${field}    expected ${JSON.stringify(expected)}   got ${JSON.stringify(got)}`)
  return lines
}

const WAYS = {
  straight: 'run straight through',
  restored: 'stored and restored after every event',
  twice: 'every event comes twice',
} as const
