import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actual, expected, normal } from './compare.ts'
import { scenario } from './generate.ts'

// The long run is `npm run test:properties -- --runs 100000 --seed N`.
test('the matcher finds what the naive reference finds', () => {
  fc.assert(
    fc.property(scenario, (drawn) => {
      expect(normal(actual(drawn, { restoreAfter: 'never' }))).toEqual(normal(expected(drawn)))
    }),
    { numRuns: 1500 },
  )
})

test('stored and restored around every event, it emits the same in the same order', () => {
  fc.assert(
    fc.property(scenario, (drawn) => {
      expect(actual(drawn, { restoreAfter: 'all' })).toEqual(actual(drawn, { restoreAfter: 'never' }))
    }),
    { numRuns: 1500 },
  )
})
