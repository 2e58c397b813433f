import {
  compareRules,
  compileRule,
  describeSlots,
  explainRule,
  failure,
  type JsonValue,
  type Place,
  type Problem,
  type Result,
  type RuleComparison,
  type RuleDefinition,
  type RuleProgram,
  type RuleStatus,
  readRules,
  runRuleTests,
  setField,
  success,
  type TestReport,
} from '../../engine/index.ts'
import type { CompiledRule, Explanation, RuleText, TestOutcome } from './compiler.ts'

/** What the compiler's child process is asked; its answer is the matching result. */
export type ReaderRequest =
  | { readonly kind: 'compile'; readonly texts: readonly RuleText[] }
  | { readonly kind: 'explain'; readonly text: RuleText }
  | { readonly kind: 'test'; readonly text: RuleText }
  | { readonly kind: 'status'; readonly text: RuleText; readonly status: RuleStatus }
  | { readonly kind: 'compare'; readonly before: RuleText; readonly after: RuleText }

export interface ReaderAnswers {
  readonly compile: readonly CompiledRule[]
  readonly explain: Explanation
  readonly test: readonly TestOutcome[]
  readonly status: string
  readonly compare: RuleComparison
}

/** Does it, in this process: safe only for texts that one trusts. */
export function answerReader(request: ReaderRequest): Result<ReaderAnswers[ReaderRequest['kind']]> {
  switch (request.kind) {
    case 'compile':
      return compileAll(request.texts)
    case 'explain':
      return explain(request.text)
    case 'test':
      return test(request.text)
    case 'status':
      return withStatus(request.text, request.status)
    case 'compare':
      return compare(request.before, request.after)
    default:
      return request satisfies never
  }
}

function compileAll(texts: readonly RuleText[]): Result<readonly CompiledRule[]> {
  const rules: CompiledRule[] = []
  const problems: Problem[] = []
  for (const text of texts) {
    const read = readOne(text)
    problems.push(...read.problems)
    if (read.ok) rules.push(compiledOf(read.value, text))
  }
  return rules.length === texts.length ? success(rules, problems) : failure(problems)
}

const compiledOf = ({ definition: rule, lists }: RuleProgram, text: RuleText): CompiledRule => ({
  id: rule.id,
  status: rule.status,
  summary: {
    ...(rule.title === undefined ? {} : { title: rule.title }),
    namespace: rule.namespace,
    severity: rule.severity,
    ...(rule.owner === undefined ? {} : { owner: rule.owner }),
    tags: rule.tags,
    subjects: [...new Set(rule.events.map(({ from }) => from))],
  },
  lists: lists.map((read) => shifted(read, text.firstLine)),
})

function explain(text: RuleText): Result<Explanation> {
  const read = readOne(text)
  if (!read.ok) return read
  const program = read.value
  const { classification } = program.automaton
  return success(
    {
      text: explainRule(program, { routing: describeSlots(program.events) }),
      automaton: program.automaton.describe(),
      cost: `${classification.kind}. ${classification.bound}`,
      definition: program.definition as unknown as JsonValue,
    },
    read.problems,
  )
}

function test(text: RuleText): Result<readonly TestOutcome[]> {
  const read = readOne(text)
  if (!read.ok) return read
  const { rules } = runRuleTests([read.value])
  const outcomes = rules.flatMap(({ rule, tests }) => tests.map((report) => outcomeOf(rule, report, text)))
  return success(outcomes, read.problems)
}

function outcomeOf(rule: string, { name, passed, line, failure }: TestReport, text: RuleText): TestOutcome {
  const details =
    failure === undefined
      ? []
      : [
          `expected ${failure.expected}`,
          `got ${failure.got}`,
          ...failure.differences.map(
            ({ field, expected, got }) =>
              `${field}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`,
          ),
          ...(failure.reason === undefined ? [] : [`because ${failure.reason}`]),
        ]
  const at = line === undefined ? {} : { line: line + (text.firstLine ?? 1) - 1 }
  return { rule, name, passed, details, ...at }
}

function withStatus(text: RuleText, status: RuleStatus): Result<string> {
  if (text.format === 'yaml') return setField(text.text, ['status'], status)
  const read = readOne(text)
  if (!read.ok) return read
  const { rule, ...rest } = JSON.parse(text.text) as Record<string, unknown>
  return success(JSON.stringify({ rule, ...rest, status }, null, 2), read.problems)
}

function compare(before: RuleText, after: RuleText): Result<RuleComparison> {
  const old = readOne(before)
  if (!old.ok) return old
  const now = readOne(after)
  return now.ok ? success(compareRules(old.value.definition, now.value.definition)) : now
}

/** The one rule of a text, compiled. */
function readOne(text: RuleText): Result<RuleProgram> {
  const read = readRules(text.text, {
    format: text.format,
    ...(text.file === undefined ? {} : { file: text.file }),
  })
  if (!read.ok) return failure(read.problems.map((problem) => shifted(problem, text.firstLine)))
  const [rule] = read.value
  if (rule === undefined || read.value.length !== 1) return failure([notOne(read.value, text)])
  const compiled = compileRule(rule)
  const problems = [...read.problems, ...compiled.problems].map((problem) => shifted(problem, text.firstLine))
  return compiled.ok ? success(compiled.value, problems) : failure(problems)
}

function notOne(rules: readonly RuleDefinition[], text: RuleText): Problem {
  const found = rules.map(({ id }) => id).join(', ')
  return {
    code: 'one-rule-only',
    severity: 'error',
    message: found === '' ? 'there is no rule in it' : `there are several rules in it: ${found}`,
    hint:
      found === ''
        ? 'a rule starts with `rule: my-rule`'
        : 'send one here, or all of them to /v1/rules:apply',
    at: {
      ...(text.file === undefined ? {} : { file: text.file }),
      line: text.firstLine ?? 1,
      column: 1,
    },
  }
}

/** Lines count from the start of what was sent, not of this rule. */
function shifted<T extends { readonly at: Place }>(placed: T, firstLine = 1): T {
  const { line } = placed.at
  return line === undefined || firstLine === 1
    ? placed
    : { ...placed, at: { ...placed.at, line: line + firstLine - 1 } }
}
