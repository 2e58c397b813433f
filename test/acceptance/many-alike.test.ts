import { describe, expect, test } from 'vitest'
import { compileRule, createPartition, eventTime, readRules } from '../../src/engine/index.ts'
import { testLog } from '../../src/engine/testing/test-log.ts'
import { shippedRules } from '../support/shipped-rules.ts'

/*
 * Beyond a few rules that share a key, those with state are found through the key instead of being asked one by one
 * (src/engine/route/key-group.ts). Whatever the way, a rule says what it says alone.
 */
const COPIES = 20
const START = eventTime(1_767_225_600_000)
/** Its event definitions have keys of their own, and neither is that of the rule. */
const OWN_KEYS = `rule: own-keys
by: account
events:
  in: pay.in by creditor
  out: pay.out by debtor
pattern: in followed by out within 1 day
tests:
  - name: in and out
    events:
      - { at: 0s, subject: pay.in, data: { creditor: a } }
      - { at: 1s, subject: pay.out, data: { debtor: a } }
      - { at: 2s, subject: pay.out, data: { debtor: b } }
    expect: [{ at: 1s, key: a }]
`
const rules = [OWN_KEYS, ...shippedRules().map(({ source }) => source)].flatMap((source) => {
  const read = readRules(source)
  return read.ok ? read.value : []
})
type Rule = (typeof rules)[number]

function alertsOf(copies: readonly Rule[], one: Rule['tests'][number]): Map<string, string[]> {
  const partition = createPartition({
    index: 0,
    count: 1,
    stream: 'SEQUITUR_INPUT',
    rules: copies.map((rule) => {
      const compiled = compileRule(rule)
      if (!compiled.ok) throw new Error(rule.id)
      return { program: compiled.value, status: rule.status }
    }),
    lists: one.lists,
  })
  partition.process(testLog({ ...one, untilMs: one.untilMs ?? (1e10 as never) }, START))
  const byRule = new Map<string, string[]>(copies.map(({ id }) => [id, []]))
  for (const { kind, payload } of partition.takeStep()?.effects ?? []) {
    if (!kind.includes('alert')) continue
    const { rule, key, started_at, completed_at, evidence } = JSON.parse(payload).data
    byRule.get(rule)?.push(JSON.stringify([kind, key, started_at, completed_at, evidence]))
  }
  return byRule
}

describe(`each of ${COPIES} rules that are alike says what one says alone`, () => {
  test.each(rules.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
    const copies = Array.from({ length: COPIES }, (_, copy) => ({ ...rule, id: `${rule.id}-${copy}` }))
    let alerts = 0
    for (const one of rule.tests) {
      const alone = alertsOf([rule], one).get(rule.id) ?? []
      alerts += alone.length
      for (const [id, said] of alertsOf(copies, one)) expect([id, said]).toEqual([id, alone])
    }
    expect(alerts).toBeGreaterThan(0)
  })
})
