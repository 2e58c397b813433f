import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actual, expected, normal, outcomeOf, withoutTimeouts } from './compare.ts'
import { chainScenario, joinScenario, type Scenario, scenario } from './generate.ts'

// The long run is `npm run test:properties -- --runs 100000 --seed N`.
const KINDS: ReadonlyArray<readonly [string, fc.Arbitrary<Scenario>]> = [
  ['any pattern', scenario],
  ['chains with having', chainScenario],
  ['steps that compare values', joinScenario],
]

test.each(KINDS)('the matcher finds what the naive reference finds: %s', (_, scenarios) => {
  fc.assert(
    fc.property(scenarios, (drawn) => {
      const want = normal(expected(drawn))
      for (const indexed of ['always', 'never'] as const) {
        const options = { restoreAfter: 'never', indexed } as const
        expect(normal(actual(drawn, { ...options, timeouts: true }))).toEqual(want)
        expect(normal(actual(drawn, { ...options, timeouts: false }))).toEqual(withoutTimeouts(want))
      }
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
          for (const indexed of ['always', 'never'] as const)
            expect(outcomeOf(drawn, { restoreAfter: 'all', timeouts, indexed })).toEqual(
              outcomeOf(drawn, { restoreAfter: 'never', timeouts, indexed: 'never' }),
            )
      }),
      { numRuns: 1500 },
    )
  },
)
