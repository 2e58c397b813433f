import {
  type DurationMs,
  durationMs,
  type ExpectedAlert,
  type JsonObject,
  type JsonValue,
  type RuleTest,
  type RuleTestEvent,
  type Severity,
} from '../model/index.ts'
import type { FieldReader } from './field-reader.ts'
import { type Located, plainValue, setOwn } from './located.ts'
import { subjectTrouble } from './subject.ts'

const TESTS_MAX = 200
const TEST_EVENTS_MAX = 1_000
const TIMES_MAX = 100_000

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const satisfies readonly Severity[]

type Draft<T> = { -readonly [Key in keyof T]?: T[Key] }

/** `tests:` of a rule. `with` is merged under the data of every event. */
export function readTests(read: FieldReader, node: Located): readonly RuleTest[] {
  const seen = new Set<string>()
  return (read.list(node, 'tests', TESTS_MAX) ?? []).flatMap((item) => {
    const found = readTest(read, item)
    if (found && seen.has(found.name)) {
      read.error('duplicate-name', item, `Two tests are called \`${found.name}\`.`, 'rename one')
    }
    if (found) seen.add(found.name)
    return found ? [found] : []
  })
}

function readTest(read: FieldReader, node: Located): RuleTest | undefined {
  const draft: Draft<RuleTest> = {}
  let common: JsonObject = {}
  let events: readonly RuleTestEvent[] = []
  read.map(
    node,
    {
      name: (value) => {
        const name = read.text(value, 256)
        if (name !== undefined) draft.name = name
      },
      with: (value) => {
        common = readObject(read, value) ?? {}
      },
      lists: (value) => {
        draft.lists = readLists(read, value)
      },
      events: (value) => {
        events = (read.list(value, 'events', TEST_EVENTS_MAX) ?? []).flatMap(
          (item) => readTestEvent(read, item) ?? [],
        )
      },
      until: (value) => {
        const until = read.duration(value)
        if (until !== undefined) draft.untilMs = until
      },
      expect: (value) => {
        const expected = readExpect(read, value)
        if (expected) draft.expect = expected
      },
    },
    {
      what: 'a test',
      required: ['name', 'events', 'expect'],
      synonyms: { title: 'write `name`', given: 'write `events`', then: 'write `expect`' },
    },
  )
  if (draft.name === undefined || !draft.expect) return undefined
  return {
    name: draft.name,
    pointer: node.pointer,
    line: read.file.lineAndColumn(node.start).line,
    lists: draft.lists ?? {},
    events: events.map((event) => ({ ...event, data: mergeUnder(common, event.data) })),
    ...(draft.untilMs === undefined ? {} : { untilMs: draft.untilMs }),
    expect: draft.expect,
  }
}

function readObject(read: FieldReader, node: Located): JsonObject | undefined {
  const value = plainValue(node)
  if (node.kind === 'map' && value !== null && typeof value === 'object' && !Array.isArray(value))
    return value
  return read.wrongType(node, 'a map of fields')
}

/** `over` wins; objects are merged in depth, everything else replaces. */
export function mergeUnder(
  under: Readonly<JsonObject>,
  over: Readonly<Record<string, JsonValue>>,
): JsonObject {
  const merged: JsonObject = {}
  for (const [key, value] of Object.entries(under)) setOwn(merged, key, value)
  for (const [key, value] of Object.entries(over)) {
    const base = Object.hasOwn(merged, key) ? merged[key] : undefined
    setOwn(merged, key, isObject(base) && isObject(value) ? mergeUnder(base, value) : value)
  }
  return merged
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

function readLists(read: FieldReader, node: Located): Readonly<Record<string, readonly JsonValue[]>> {
  if (node.kind !== 'map') {
    read.wrongType(node, 'a map of lists (`known_devices: [own-phone]`)')
    return {}
  }
  const lists: Record<string, readonly JsonValue[]> = {}
  for (const { key, value } of node.entries) {
    const items = read.list(value, 'values', 10_000)
    if (items) Object.defineProperty(lists, key, { value: items.map(plainValue), enumerable: true })
  }
  return lists
}

function readTestEvent(read: FieldReader, node: Located): RuleTestEvent | undefined {
  let atMs: DurationMs | undefined
  let subject: string | undefined
  let data: JsonObject = {}
  let times = 1
  let everyMs: DurationMs | undefined
  read.map(
    node,
    {
      at: (value) => {
        atMs = read.duration(value, 'zero')
      },
      subject: (value) => {
        subject = read.text(value)
        const trouble =
          subject === undefined
            ? undefined
            : /[*>]/.test(subject)
              ? 'An event has a subject without wildcards.'
              : subjectTrouble(subject)
        if (trouble !== undefined)
          read.error('bad-subject', value, trouble, 'write the subject that the event is published on')
      },
      data: (value) => {
        data = readObject(read, value) ?? {}
      },
      times: (value) => {
        times = read.integer(value, 1, TIMES_MAX) ?? 1
      },
      every: (value) => {
        everyMs = read.duration(value, 'zero')
      },
    },
    {
      what: 'an event of a test',
      required: ['at', 'subject'],
      synonyms: { time: 'write `at`', from: 'write `subject`', count: 'write `times`' },
    },
  )
  if (
    times > 1 &&
    everyMs === undefined &&
    node.kind === 'map' &&
    !node.entries.some(({ key }) => key === 'every')
  ) {
    read.error(
      'missing-key',
      node,
      '`times` needs `every`: the time from one event to the next.',
      'add `every: 10s`',
    )
  }
  if (atMs === undefined || subject === undefined) return undefined
  return { atMs, subject, data, times, everyMs: everyMs ?? durationMs(0) }
}

function readExpect(read: FieldReader, node: Located): readonly ExpectedAlert[] | undefined {
  if (node.kind === 'scalar') {
    return node.value === 'none'
      ? []
      : read.wrongType(node, '`none`, an alert (`{ at: 2m, evidence: { … } }`) or a list of alerts')
  }
  const items = node.kind === 'list' ? (read.list(node, 'alerts', 1_000) ?? []) : [node]
  return items.flatMap((item) => readExpected(read, item) ?? [])
}

function readExpected(read: FieldReader, node: Located): ExpectedAlert | undefined {
  const draft: Draft<ExpectedAlert> = {}
  const isMap = read.map(
    node,
    {
      at: (value) => {
        const atMs = read.duration(value, 'zero')
        if (atMs !== undefined) draft.atMs = atMs
      },
      severity: (value) => {
        const severity = read.choice(value, SEVERITIES)
        if (severity !== undefined) draft.severity = severity
      },
      message: (value) => {
        const message = read.text(value)
        if (message !== undefined) draft.message = message
      },
      key: (value) => {
        draft.key = plainValue(value)
      },
      evidence: (value) => {
        draft.evidence = readObject(read, value) ?? {}
      },
    },
    { what: 'an expected alert' },
  )
  return isMap ? draft : undefined
}
