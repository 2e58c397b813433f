import { expect, test } from 'vitest'
import {
  type AfterMatch,
  compilePattern,
  createKeyedMatcher,
  eventTime,
  type KeyedMatcher,
  type Match,
  type MatcherHost,
  type StreamEvent,
  streamSequence,
} from '../../src/engine/index.ts'
import { ListReader, ListWriter, restoredCopy } from '../support/state.ts'
import { readShorthand } from './notation.ts'

interface Bench {
  matcher: KeyedMatcher
  readonly kind: string
  readonly out: string[]
  readonly create: () => KeyedMatcher
}

function bench(
  text: string,
  partialMatchesMax: number,
  options: { timeouts?: boolean; accept?: (match: Match) => boolean } = {},
): Bench {
  const {
    pattern,
    afterMatch,
    names,
  }: {
    pattern: Parameters<typeof compilePattern>[0]['pattern']
    afterMatch: AfterMatch
    names: readonly string[]
  } = readShorthand(text)
  const compiled = compilePattern({
    pattern,
    afterMatch,
    slots: names,
    conditional: new Set(),
    hasHaving: options.accept !== undefined,
    reportsTimeouts: options.timeouts ?? false,
    partialMatchesMax,
  })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const automaton = compiled.value
  const out: string[] = []
  const host: MatcherHost = {
    condition: () => true,
    accept: options.accept ?? (() => true),
    matched: (match) =>
      out.push(
        match.events
          .flat()
          .map((event) => event.id)
          .join(' '),
      ),
    timedOut: () => undefined,
    shed: (count) => out.push(`shed ${count}`),
  }
  const create = (): KeyedMatcher => createKeyedMatcher(automaton, host)
  return { matcher: create(), kind: automaton.classification.kind, out, create }
}

const eventAt = (number: number): StreamEvent => ({
  sequence: streamSequence(number + 1),
  time: eventTime(number),
  ingestedAt: eventTime(number),
  subject: 'limits',
  id: String(number),
  data: {},
})

test.each([
  ['a > b ; skip=past-last', 'suffixes', ['shed 1', 'shed 1', '2 5']],
  ['a+/g > b ; skip=past-last', 'suffixes', ['shed 1', 'shed 1', '2 3 4 5']],
  ['a >> b >> c > d ; skip=past-last', 'logs', ['shed 1', 'shed 1']],
  ['a > b . c ; skip=past-last', 'runs', ['shed 1', 'shed 1']],
])('%s sheds the oldest start and keeps the alert (%s)', (text, kind, expected) => {
  const at = bench(text, 3)
  expect(at.kind).toBe(kind)
  for (let number = 0; number < 5; number++) at.matcher.process('key', eventAt(number), 1)
  expect(at.matcher.partialMatches).toBe(3)
  at.matcher.process('key', eventAt(5), 2)
  expect(at.out.slice(0, expected.length)).toEqual(expected)
})

test('an event that completes more than a key may have sheds the older half of the starts, until few enough are asked', () => {
  const asked: number[] = []
  const accept = (match: Match): boolean => {
    asked.push(Number(match.first.id))
    return false
  }
  const at = bench('a+ > b+ ; skip=past-last', 20, { accept })
  expect(at.kind).toBe('logs')
  // Each of six starts may end its first step with each of the events behind it: 21 matches.
  for (let number = 0; number < 6; number++) at.matcher.process('key', eventAt(number), 1)
  at.matcher.process('key', eventAt(6), 2)
  expect(at.out).toEqual(['shed 3'])
  expect(asked.length).toBe(20 + 6)
  expect([...new Set(asked.slice(20))].sort()).toEqual([3, 4, 5])
})

test('what no partial match needs any more does not count when it comes to shedding', () => {
  const at = bench('a > b > c', 6)
  expect(at.kind).toBe('logs')
  // Three are complete with the `c`; the others, begun before and behind it, are few enough.
  for (const [number, mask] of [1, 1, 1, 2, 1, 4, 1, 1, 1, 1].entries())
    at.matcher.process('key', eventAt(number), mask)
  expect(at.out).toEqual(['0 3 5', '1 3 5', '2 3 5'])
  expect(at.matcher.partialMatches).toBe(5)
  at.matcher.process('key', eventAt(10), 1)
  at.matcher.process('key', eventAt(11), 1)
  expect(at.out.slice(3)).toEqual(['shed 1'])
})

test('a row of a format before this one is read', () => {
  const at = bench('a > b > c', 100)
  for (const [number, mask] of [1, 1, 2, 1].entries()) at.matcher.process('key', eventAt(number), mask)
  const copy = at.create()
  at.matcher.drainChanges((key, encode, page) => {
    const writer = new ListWriter()
    encode?.(writer)
    const [format, floor, kept, ...rest] = writer.cells
    expect([format, floor, kept]).toEqual([3, 0, 0])
    copy.restore(key, new ListReader([2, 0, ...rest]), page)
  })
  copy.process('key', eventAt(4), 4)
  expect(at.out).toEqual(['0 2 4', '1 2 4'])
})

test('shedding is the same after a restore', () => {
  for (const text of ['a > b ; skip=past-last', 'a >> b >> c > d', 'a > b . c']) {
    const straight = bench(text, 4)
    const restored = bench(text, 4)
    for (let number = 0; number < 60; number++) {
      const mask = 1 << ((number * 7) % 3)
      straight.matcher.process('key', eventAt(number), mask)
      restored.matcher.process('key', eventAt(number), mask)
      restored.matcher = restoredCopy(restored.matcher, restored.create)
    }
    expect(restored.out).toEqual(straight.out)
  }
})

test('keys that are due at one time fire in order of their first events, whatever the restore did to them', () => {
  const straight = bench('a !n ; within=50 skip=past-last', 10)
  const restored = bench('a !n ; within=50 skip=past-last', 10)
  for (const at of [straight, restored])
    for (const [number, key] of ['c', 'a', 'b'].entries())
      at.matcher.process(key, { ...eventAt(number), time: eventTime(5) }, 1)
  restored.matcher = restoredCopy(restored.matcher, restored.create)
  for (const at of [straight, restored]) at.matcher.advance(eventTime(55))
  expect(straight.out).toEqual(['0', '1', '2'])
  expect(restored.out).toEqual(['0', '1', '2'])
})

test('a key that is erased leaves nothing', () => {
  for (const text of ['a > b ; skip=past-last', 'a >> b >> c > d', 'a > b . c']) {
    const { matcher, out } = bench(text, 10)
    matcher.process('key', eventAt(0), 1)
    matcher.drainChanges(() => undefined)
    matcher.erase('key')
    expect([matcher.has('key'), matcher.keys, matcher.partialMatches]).toEqual([false, 0, 0])
    const changes: unknown[] = []
    matcher.drainChanges((key, encode) => changes.push([key, encode]))
    expect(changes).toEqual([['key', undefined]])
    matcher.process('key', eventAt(1), 2)
    expect(out).toEqual([])
  }
})

test('what is full of a long history is written once, and read back with the rest', () => {
  const text = 'a >> b >> c ; within=300'
  const straight = bench(text, 1_000_000)
  const paged = bench(text, 1_000_000)
  expect(straight.kind).toContain('log')
  const rows = new Map<string, unknown>()
  let written = 0
  for (let number = 0; number < 1_200; number += 1) {
    for (const { matcher } of [straight, paged]) {
      matcher.advance(eventTime(number))
      matcher.process('key', eventAt(number), number % 50 === 49 ? 2 : 1)
    }
    if (number % 10 === 9)
      paged.matcher.drainChanges((_key, encode, page) => {
        if (page === 0) return
        if (encode === undefined) expect(rows.delete(String(page))).toBe(true)
        else {
          expect(rows.has(String(page))).toBe(false)
          rows.set(String(page), page)
          written += 1
        }
      })
  }
  expect(written).toBeGreaterThan(10)
  expect(rows.size).toBeLessThan(written / 2)

  const restored = bench(text, 1_000_000)
  for (let number = 0; number < 1_200; number += 1) {
    restored.matcher.advance(eventTime(number))
    restored.matcher.process('key', eventAt(number), number % 50 === 49 ? 2 : 1)
    if (number % 100 === 99) restored.matcher = restoredCopy(restored.matcher, restored.create)
  }
  for (const { matcher } of [straight, restored]) {
    matcher.process('key', eventAt(1_200), 4)
    matcher.advance(eventTime(5_000))
  }
  expect(straight.out.length).toBeGreaterThan(1_000)
  expect(restored.out).toEqual(straight.out)
  const left: string[] = []
  restored.matcher = restoredCopy(restored.matcher, () => {
    const copy = restored.create()
    return copy
  })
  restored.matcher.drainChanges((key) => left.push(key))
  expect([restored.matcher.keys, left]).toEqual([0, []])
})

test('what is waited for can be looked at', () => {
  for (const text of [
    'a > b ; within=50 skip=past-last',
    'a >> b >> c ; within=50',
    'a > b . c ; within=50',
  ]) {
    const { matcher } = bench(text, 10)
    matcher.process('key', eventAt(3), 1)
    expect([...matcher.inspect()]).toMatchObject([
      { key: 'key', startedAt: 3, deadline: 53, waitingFor: [1] },
    ])
  }
})
