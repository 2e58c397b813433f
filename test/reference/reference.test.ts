import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actual, expected, normal, withoutTimeouts } from './compare.ts'
import { scenario } from './generate.ts'

// The long run is `npm run test:properties -- --runs 100000 --seed N`.
test('the matcher finds what the naive reference finds', () => {
  fc.assert(
    fc.property(scenario, (drawn) => {
      const want = normal(expected(drawn))
      expect(normal(actual(drawn, { restoreAfter: 'never', timeouts: true }))).toEqual(want)
      expect(normal(actual(drawn, { restoreAfter: 'never', timeouts: false }))).toEqual(withoutTimeouts(want))
    }),
    { numRuns: 1500 },
  )
})

test('stored and restored around every event, it emits the same in the same order', () => {
  fc.assert(
    fc.property(scenario, (drawn) => {
      for (const timeouts of [true, false])
        expect(actual(drawn, { restoreAfter: 'all', timeouts })).toEqual(
          actual(drawn, { restoreAfter: 'never', timeouts }),
        )
    }),
    { numRuns: 1500 },
  )
})
