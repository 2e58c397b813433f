import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { compileRule, createPartition, type RuleProgram, readRules } from '../../src/engine/index.ts'

setFlagsFromString('--allow-natives-syntax')
const hasFastProperties: (value: object) => boolean = runInNewContext('(value) => %HasFastProperties(value)')

const RULES = 2000

function programOf(index: number): RuleProgram {
  const rules = readRules(
    JSON.stringify({
      rule: `r${index}`,
      by: 'user',
      events: { A: `shop.orders where merchant = "merchant ${index}"`, B: 'shop.payments' },
      pattern: 'A followed by B within 5 minutes',
    }),
  )
  const [definition] = rules.ok ? rules.value : []
  const program = definition === undefined ? undefined : compileRule(definition, { version: 1 })
  if (program?.ok !== true) throw new Error('the rule is not compiled')
  return program.value
}

/** V8 keeps 1,536 ways on from the empty object: if texts of rules were names of literals, all objects of a new kind would be tables. */
test('however many texts rules compare with, objects that are new after that are none the slower', () => {
  const partition = createPartition({
    index: 0,
    count: 1,
    stream: 'TEST',
    rules: Array.from({ length: RULES }, (_, index) => ({ program: programOf(index) })),
  })
  const later = (count: number): object => ({
    nothingBegan: count,
    withThis: `${count}`,
    orWithThat: count + 0.5,
    before: count,
  })
  expect([later(1), later(2), later(3)].map(hasFastProperties)).toEqual([true, true, true])
  expect(partition.counters.events).toBe(0)
})
