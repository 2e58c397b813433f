import { stringify } from 'yaml'
import type { ExpectedAlert, RuleDefinition, RuleTest } from '../model/index.ts'
import { compileRule, ruleDocument } from '../rule/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { alertsOf, runRuleTests, type TestedAlert } from '../testing/index.ts'
import { type Mutant, mutantsOf } from './mutate.ts'
import { variationsOf } from './vary.ts'

export interface SurvivingMutant {
  readonly id: string
  readonly change: string
  /** A test, as YAML to paste under `tests:`, that the rule passes and the mutant fails. Absent where none was found. */
  readonly test?: string
}

export interface MutationReport {
  readonly rule: string
  readonly mutants: number
  readonly killed: number
  /** Mistakes that the rule's own tests would not notice. */
  readonly survived: readonly SurvivingMutant[]
}

export interface MutationOptions {
  /** Histories tried to tell a surviving mutant from the rule. */
  readonly variationsMax?: number
}

/** Puts every mistake into a rule in turn and looks whether its tests notice. Undefined when the rule itself does not compile. */
export function testMutants(rule: RuleDefinition, options: MutationOptions = {}): MutationReport | undefined {
  const program = programOf(rule)
  if (program === undefined) return undefined
  const alive: Array<{ readonly mutant: Mutant; readonly program: RuleProgram }> = []
  let mutants = 0
  for (const mutant of mutantsOf(rule)) {
    const changed = programOf(mutant.definition)
    if (changed === undefined) continue
    mutants += 1
    if (runRuleTests([changed], { ways: ['straight'] }).failed === 0) alive.push({ mutant, program: changed })
  }
  const tests = tellApart(rule, program, alive, options.variationsMax ?? 4_000)
  const survived = alive.map(({ mutant: { id, change } }) => {
    const test = tests.get(id)
    return { id, change, ...(test === undefined ? {} : { test }) }
  })
  return { rule: rule.id, mutants, killed: mutants - survived.length, survived }
}

function programOf(rule: RuleDefinition): RuleProgram | undefined {
  const compiled = compileRule(rule, { version: 1 })
  return compiled.ok ? compiled.value : undefined
}

/** For each mutant the first history on which it alerts otherwise than the rule. */
function tellApart(
  rule: RuleDefinition,
  program: RuleProgram,
  mutants: ReadonlyArray<{ readonly mutant: Mutant; readonly program: RuleProgram }>,
  variationsMax: number,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let left = mutants
  let tried = 0
  for (const variation of variationsOf(rule)) {
    if (left.length === 0 || tried >= variationsMax) break
    tried += 1
    const wanted = alertsOf(program, variation)
    const text = alertsText(wanted)
    left = left.filter((candidate) => {
      if (alertsText(alertsOf(candidate.program, variation)) === text) return true
      found.set(candidate.mutant.id, testText(rule, variation, candidate.mutant.change, wanted))
      return false
    })
  }
  return found
}

const alertsText = (alerts: readonly TestedAlert[]): string =>
  JSON.stringify(alerts.map(({ atMs, key, evidence }) => [atMs, key, evidence]))

function testText(
  rule: RuleDefinition,
  variation: RuleTest,
  change: string,
  alerts: readonly TestedAlert[],
): string {
  const expect = alerts.map(({ atMs, evidence }): ExpectedAlert => ({ atMs: atMs as never, evidence }))
  const test: RuleTest = { ...variation, name: `notices ${change}`, expect }
  const { tests } = ruleDocument({ ...rule, tests: [test] })
  return stringify(tests, { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false })
}
