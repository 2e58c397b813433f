import { expect, test } from 'vitest'
import { compilePattern } from '../automaton/index.ts'
import { compileRule } from './compile-rule.ts'
import type { RuleProgram } from './program.ts'
import { readRules } from './read-rules.ts'
import { sharedPatterns } from './shared-patterns.ts'

const patterns = sharedPatterns(compilePattern)

function programOf(rule: string, pattern: string, where = 'amount > 1'): RuleProgram {
  const events = `{ A: 'demo.a', B: 'demo.b where ${where}' }`
  const read = readRules(`{ rule: ${rule}, by: user, events: ${events}, pattern: ${pattern} }`)
  const compiled =
    read.ok && read.value[0] !== undefined ? compileRule(read.value[0], { version: 1, patterns }) : undefined
  if (compiled?.ok !== true) throw new Error('the rule does not compile')
  return compiled.value
}

test('rules of one form share their automaton, whatever their events are', () => {
  const { automaton } = programOf('one', 'A followed by B within 5 minutes')
  expect(programOf('two', 'A followed by B within 5 minutes', 'amount > 2').automaton).toBe(automaton)
  expect(programOf('three', 'A followed by B within 6 minutes').automaton).not.toBe(automaton)
})

test('a condition that reads earlier steps is part of the form', () => {
  const { automaton } = programOf('one', 'A followed by B within 5 minutes')
  const conditional = programOf('two', 'A followed by B within 5 minutes', 'amount > $A.amount').automaton
  expect(conditional).not.toBe(automaton)
  expect([...conditional.input.conditional]).toEqual([1])
})
