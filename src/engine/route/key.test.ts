import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../model/index.ts'
import { canonicalPart, compositeKey, fnv1a32, isTooLong, keyOfParts, keyParts, keyValue } from './key.ts'
import { SubjectTree, subjectMatches } from './subject-tree.ts'

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string().map((text) => `#${text}`),
  fc.constantFrom('', '#1', "'", '[1:a', '!true', '"', '\u0000', '\ud800', 'e\u0301', '\u00e9'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.boolean(),
)

describe('canonical keys', () => {
  test('are different for different values and give them back', () => {
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.array(part, { minLength: 1, maxLength: 3 }),
        (a, b) => {
          const keyOf = (values: readonly JsonValue[]): string =>
            keyOfParts(values.map((value) => canonicalPart(value) as string))
          expect(keyParts(keyOf(a))).toEqual(a)
          expect(keyOf(a) === keyOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
          expect(keyOf(a).isWellFormed()).toBe(true)
          expect(keyOf(a)).not.toContain('\u0000')
        },
      ),
      { numRuns: 2000 },
    )
  })

  test.each([null, undefined, {}, [], Number.NaN, Number.POSITIVE_INFINITY])('%s is no key', (value) => {
    expect(canonicalPart(value)).toBeUndefined()
  })

  test('are at most 256 bytes', () => {
    expect([256, 257].map((length) => isTooLong('x'.repeat(length)))).toEqual([false, true])
    expect([128, 129].map((length) => isTooLong('\u00e9'.repeat(length)))).toEqual([false, true])
    expect([64, 65].map((length) => isTooLong('\u{1f600}'.repeat(length)))).toEqual([false, true])
  })

  test('`$key` is the value, or an object by part name', () => {
    expect(keyValue('#5', ['n'])).toBe(5)
    expect(keyValue(compositeKey(['a', '!false']), ['x', 'y'])).toEqual({ x: 'a', y: false })
  })
})

test('the hash is FNV-1a of the UTF-8 bytes', () => {
  const reference = (text: string): number => {
    let hash = 0x811c9dc5
    for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
    return hash >>> 0
  }
  expect(fnv1a32('a')).toBe(0xe40c292c)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => void expect(fnv1a32(text)).toBe(reference(text))),
  )
  // The spread over a few partitions is what matters.
  const counts = [0, 0, 0]
  for (let n = 0; n < 3000; n++) {
    const key = `customer-${n}`
    counts[fnv1a32(key) % 3] = (counts[fnv1a32(key) % 3] ?? 0) + 1
  }
  for (const count of counts) expect(count).toBeGreaterThan(850)
})

describe('subjects', () => {
  const token = fc.constantFrom('a', 'b', 'c')
  const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'))
  const filter = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([tokens, rest]) => (rest ? [...tokens, '>'] : tokens).join('.'))

  test.each([
    ['a.b', 'a.b', true],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['>', 'a', true],
    ['*', 'a.b', false],
  ])('%s takes %s: %s', (wanted, given, matches) => {
    expect(subjectMatches(wanted, given)).toBe(matches)
  })

  test('a tree finds the filters that match', () => {
    fc.assert(
      fc.property(fc.uniqueArray(filter), fc.nat(), subject, (filters, gone, given) => {
        const tree = new SubjectTree<string>()
        for (const item of filters) tree.set(item, item)
        const removed = filters[gone % Math.max(1, filters.length)]
        if (removed !== undefined) tree.delete(removed)
        const wanted = filters.filter((item) => item !== removed && subjectMatches(item, given))
        expect(tree.match(given).sort()).toEqual(wanted.sort())
      }),
    )
  })
})
