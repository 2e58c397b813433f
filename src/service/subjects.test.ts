import { describe, expect, test } from 'vitest'
import { isConcreteSubject, isReservedSubject, subjectMatches, subjectsOverlap } from './subjects.ts'

describe('a filter takes a subject', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['>', 'a', true],
  ])('%s, %s: %s', (filter, subject, expected) => expect(subjectMatches(filter, subject)).toBe(expected))
})

describe('two filters overlap', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.*', '*.b', true],
    ['a.*', 'b.*', false],
    ['a.>', 'a', false],
    ['a.>', 'a.b.c', true],
    ['a.*.c', 'a.b', false],
    ['>', 'x.y', true],
  ])('%s, %s: %s', (left, right, expected) => {
    expect(subjectsOverlap(left, right)).toBe(expected)
    expect(subjectsOverlap(right, left)).toBe(expected)
  })
})

test.each(['alerts.>', '*.fraud', '>', 'sequitur.log.rule', '$KV.x', 'alerts.a.b.high'])(
  '%s is reserved',
  (subject) => expect(isReservedSubject(subject)).toBe(true),
)

test.each(['a.*', 'a..b', '', '.a', 'a.', 'a b', 'a.>', '$JS.API', 'a\nb', 'a\u0000'])(
  '%j cannot be published to',
  (subject) => expect(isConcreteSubject(subject)).toBe(false),
)

test('ordinary subjects can be published to', () => {
  expect(isConcreteSubject('payments.card.declined')).toBe(true)
  expect(isReservedSubject('payments.>')).toBe(false)
})
