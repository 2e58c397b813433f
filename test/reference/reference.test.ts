import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actual, expected, normal, withoutTimeouts } from './compare.ts'
import { chainScenario, type Scenario, scenario } from './generate.ts'

// The long run is `npm run test:properties -- --runs 100000 --seed N`.
const KINDS: ReadonlyArray<readonly [string, fc.Arbitrary<Scenario>]> = [
  ['any pattern', scenario],
  ['chains with having', chainScenario],
]

test.each(KINDS)('the matcher finds what the naive reference finds: %s', (_, scenarios) => {
  fc.assert(
    fc.property(scenarios, (drawn) => {
      const want = normal(expected(drawn))
      expect(normal(actual(drawn, { restoreAfter: 'never', timeouts: true }))).toEqual(want)
      expect(normal(actual(drawn, { restoreAfter: 'never', timeouts: false }))).toEqual(withoutTimeouts(want))
    }),
    { numRuns: 1500 },
  )
})

test.each(KINDS)(
  'stored and restored around every event, it emits the same in the same order: %s',
  (_, scenarios) => {
    fc.assert(
      fc.property(scenarios, (drawn) => {
        for (const timeouts of [true, false])
          expect(actual(drawn, { restoreAfter: 'all', timeouts })).toEqual(
            actual(drawn, { restoreAfter: 'never', timeouts }),
          )
      }),
      { numRuns: 1500 },
    )
  },
)
