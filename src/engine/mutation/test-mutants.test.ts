import { describe, expect, it } from 'vitest'
import { readRules } from '../rule/index.ts'
import { testMutants } from './index.ts'

const rule = (tests: string): string => `
rule: pair
by: user
events:
  A: demo.a where amount > 10
  B: demo.b
pattern: A followed by B within 5 minutes
suppress: { for: 5 minutes }
tests:${tests}
`

const once = `
  - name: a pair
    with: { user: u1 }
    events:
      - { at: 0s, subject: demo.a, data: { amount: 50 } }
      - { at: 1m, subject: demo.b }
    expect: { at: 1m }`

const report = (tests: string) => {
  const read = readRules(rule(tests))
  const [definition] = read.ok ? read.value : []
  return definition === undefined ? undefined : testMutants(definition)
}

describe('testMutants', () => {
  it('names the mistakes that one happy case does not notice, each with a test that does', () => {
    const found = report(once)
    expect(found?.survived.map(({ change }) => change)).toEqual([
      'within 5 minutes → 2 minutes 30 seconds',
      'within 5 minutes → 10 minutes',
      'A: condition dropped',
      'A: `>` → `>=`',
      'A: 10 → 5',
      'A: 10 → 20',
      'suppression dropped',
      'suppress for 5 minutes → 2 minutes 30 seconds',
      'suppress for 5 minutes → 10 minutes',
    ])
    expect(found?.survived.filter(({ test }) => test === undefined)).toEqual([])
  })

  it('prints tests that are ready to paste: with all of them nothing survives', () => {
    const printed =
      report(once)?.survived.map(({ test }) => `\n${test}`.replaceAll('\n', '\n  ').trimEnd()) ?? []
    const found = report(once + printed.join(''))
    expect(found?.survived).toEqual([])
  })
})
