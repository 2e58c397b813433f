import type { TestReport } from '../../../engine/index.ts'
import type { FileReport } from './report.ts'

/** The report in the XML that CI systems read: a suite per rule, a case per test. */
export function junitReport(reports: readonly FileReport[], seconds: number): string {
  const suites = reports.flatMap(({ file, rules }) =>
    rules.map(({ rule, tests }) => {
      const cases = tests.map((test) => caseText(file, rule, test))
      const failures = tests.filter((test) => !test.passed).length
      return [
        `  <testsuite name="${escaped(rule)}" file="${escaped(file)}" tests="${tests.length}" failures="${failures}">`,
        ...cases,
        '  </testsuite>',
      ].join('\n')
    }),
  )
  const tests = reports.flatMap(({ rules }) => rules.flatMap((rule) => rule.tests))
  const failed = tests.filter((test) => !test.passed).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sequitur" tests="${tests.length}" failures="${failed}" time="${seconds.toFixed(3)}">`,
    ...suites,
    '</testsuites>',
  ].join('\n')
}

function caseText(file: string, rule: string, { name, line, failure }: TestReport): string {
  const place = line === undefined ? '' : ` line="${line}"`
  const open = `    <testcase classname="${escaped(rule)}" name="${escaped(name)}" file="${escaped(file)}"${place}`
  if (failure === undefined) return `${open}/>`
  const details = [
    `expected ${failure.expected}, got ${failure.got}`,
    ...(failure.reason === undefined ? [] : [failure.reason]),
    ...failure.differences.map(
      ({ field, expected, got }) =>
        `${field}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`,
    ),
  ]
  return `${open}>\n      <failure message="${escaped(details[0] ?? '')}">${escaped(details.join('\n'))}</failure>\n    </testcase>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** XML 1.0 has no place for most control characters, not even as entities. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '�')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
