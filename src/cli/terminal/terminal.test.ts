import { expect, test } from 'vitest'
import { recorder } from '../../../test/support/recorder.ts'
import { readMessage } from '../client/live-stream.ts'
import { looksLikeRules } from '../rules/find-rule-files.ts'
import { alertLine, alertSummary, timeColumn } from './alert-line.ts'
import { type Column, formatOf, printRows } from './output.ts'
import { printable } from './printable.ts'

interface Row {
  readonly id: string
  readonly count: number
  readonly title: string
}

const ROWS: readonly Row[] = [
  { id: 'one', count: 7, title: 'A title that is longer than the terminal is wide' },
  { id: 'another', count: 12, title: 'Short' },
]
const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', value: ({ id }) => id, style: ({ id }) => (id === 'one' ? 'red' : undefined) },
  { title: 'COUNT', value: ({ count }) => count, align: 'right' },
  { title: 'TITLE', value: ({ title }) => title },
]

test('a table for people, one JSON object a line for programs', async () => {
  const people = recorder({ isInteractive: true, width: 40 })
  const program = recorder()
  expect([formatOf(people, undefined), formatOf(program, undefined), formatOf(program, 'yaml')]).toEqual([
    'table',
    'ndjson',
    'yaml',
  ])
  await printRows(people, ROWS, { format: 'table', columns: COLUMNS, none: '' })
  expect(people.printed()).toBe(
    [
      '<dim>ID     </>  <dim>COUNT</>  <dim>TITLE</>',
      '<red>one    </>      7  A title that is longer …',
      'another     12  Short',
      '',
    ].join('\n'),
  )
  await printRows(program, ROWS, { format: 'ndjson', columns: COLUMNS, none: '' })
  expect(
    program
      .printed()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(ROWS)
})

test('a number in the last column stands at its right, too', async () => {
  const terminal = recorder({ isInteractive: true })
  await printRows(terminal, ROWS, { format: 'table', columns: COLUMNS.slice(0, 2), none: '' })
  expect(terminal.printed()).toBe('<dim>ID     </>  <dim>COUNT</>\n<red>one    </>      7\nanother     12\n')
})

test('nothing to show is said beside the result', async () => {
  const terminal = recorder({ isInteractive: true })
  await printRows(terminal, [], { format: 'table', columns: COLUMNS, none: 'no rows' })
  expect([terminal.printed(), terminal.noted()]).toEqual(['', 'no rows\n'])
})

test('text from outside cannot forge what a terminal shows', () => {
  expect(printable('a\u001b[2Jb\nc\u202ed\te')).toBe('a\\u001b[2Jb\\u000ac\\u202ed e')
})

test('an alert is a line: time, severity, rule, message, and what is special about it', () => {
  const now = new Date(2026, 0, 5, 12).getTime()
  const at = new Date(2026, 0, 5, 10, 0, 41)
  const event = {
    time: at.toISOString(),
    data: {
      rule: 'card-testing',
      severity: 'high',
      message: 'Card 4f2a: 7 small declines\u001b[31m',
      mode: 'shadow',
    },
  }
  const alert = alertSummary(event)
  if (alert === undefined) throw new Error('no alert')
  expect(alertLine(recorder(), alert, now)).toBe(
    '10:00:41  HIGH      card-testing                Card 4f2a: 7 small declines\\u001b[31m  (shadow)',
  )
  expect(timeColumn(new Date(2025, 10, 3).toISOString(), now)).toBe('03 Nov  ')
  for (const nothing of [undefined, null, 7, {}, { time: 'x' }, { time: 'x', data: {} }])
    expect(alertSummary(nothing)).toBeUndefined()
})

test('messages of a live stream', () => {
  expect(readMessage('id: 7\nevent: alert\ndata: {"a":1}')).toEqual({
    id: '7',
    event: 'alert',
    data: { a: 1 },
  })
  expect(readMessage('data: [1,\ndata: 2]')).toEqual({ id: undefined, event: 'message', data: [1, 2] })
  expect(readMessage(': alive')).toBeUndefined()
})

test.each([
  ['rule: x', true],
  ['# comment\nlist: known_devices\n', true],
  ['events:\n  A: a\npattern: A\n', true],
  ['{ "rule": "x",\n  "by": "y" }', true],
  ['{\n  "rule": "x" }', true],
  ['services: {}\n', false],
  ['events: 3\n', false],
])('%j holds rules: %s', (text, expected) => {
  expect(looksLikeRules(text)).toBe(expected)
})
