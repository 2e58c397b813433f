import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  compileRule,
  type RuleDefinition,
  type RuleProgram,
  type RuleTest,
  readRules,
  runRuleTests,
  TEST_WAYS,
} from '../../src/engine/index.ts'

const folder = join(import.meta.dirname, '../../rules')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
)

function programsOf(file: string): RuleProgram[] {
  const rules = readRules(readFileSync(join(folder, file), 'utf8'), { file })
  if (!rules.ok) throw new Error(JSON.stringify(rules.problems))
  return rules.value.map(programOf)
}

function programOf(definition: RuleDefinition): RuleProgram {
  const program = compileRule(definition, { version: 1 })
  if (!program.ok) throw new Error(JSON.stringify(program.problems))
  return program.value
}

const programs = files.flatMap(programsOf)
const cardTesting = programs.find(({ definition }) => definition.id === 'card-testing') as RuleProgram

describe('the rules that are shipped', () => {
  test('there are at least twelve, with 37 tests', () => {
    expect(programs.length).toBeGreaterThanOrEqual(12)
    expect(programs.flatMap(({ definition }) => definition.tests).length).toBeGreaterThanOrEqual(37)
  })

  test.each(programs.map((program) => [program.definition.id, program] as const))('%s', (_, program) => {
    for (const way of TEST_WAYS) {
      const report = runRuleTests([program], { ways: [way] })
      expect(report.rules[0]?.tests.filter(({ passed }) => !passed)).toEqual([])
    }
  })
})

/** The first test of card-testing, changed. */
function failureOf(change: (test: RuleTest) => RuleTest): unknown {
  const { definition } = cardTesting
  const [first] = definition.tests
  if (first === undefined) throw new Error('card-testing has tests')
  const report = runRuleTests([{ ...cardTesting, definition: { ...definition, tests: [change(first)] } }])
  expect(report.failed).toBe(1)
  return report.rules[0]?.tests[0]?.failure
}

describe('a failing test says', () => {
  test('which fields differ', () => {
    const failure = failureOf((first) => ({
      ...first,
      expect: [{ severity: 'low', evidence: { declines: 4, merchants: ['m1'] } }],
    }))
    expect(failure).toMatchObject({
      way: 'straight',
      differences: [
        { field: 'severity', expected: 'low', got: 'high' },
        { field: 'evidence.declines', expected: 4, got: 5 },
      ],
    })
  })

  test('what an unexpected alert is made of', () => {
    expect(failureOf((first) => ({ ...first, expect: [] }))).toMatchObject({
      expected: 'no alert',
      got: '1 alert at 2m',
      reason:
        'it matched declines at 0s, declines at 20s, declines at 40s, declines at 1m, declines at 1m20s, approval at 2m',
    })
  })

  test('what a partial match still waits for', () => {
    expect(failureOf((first) => ({ ...first, events: first.events.slice(0, 1) }))).toMatchObject({
      expected: '1 alert at 2m',
      got: 'no alert',
      reason: expect.stringMatching(/^a partial match \(.*declines\) waits for .*approval/),
    })
  })

  test('that an alert was excepted', () => {
    const failure = failureOf((first) => ({ ...first, lists: { qa_cards: ['c1'] } }))
    expect(failure).toMatchObject({ reason: "the alert at 2m was excepted by 'qa-cards'" })
  })

  test('which predicate failed', () => {
    const failure = failureOf((first) => ({
      ...first,
      events: first.events.map((event) => ({ ...event, data: { ...event.data, amount: 'a lot' } })),
    }))
    expect(failure).toMatchObject({ reason: expect.stringMatching(/^declines: T20\d\d .*\(5 times\)$/) })
  })

  test('that the key is missing', () => {
    const failure = failureOf((first) => ({
      ...first,
      events: first.events.map((event) => ({ ...event, data: { ...event.data, card_id: null } })),
    }))
    expect(failure).toMatchObject({ reason: 'events without a usable key card_id (key-missing)' })
  })
})
