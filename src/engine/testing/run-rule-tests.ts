import { type EventTime, eventTime, type RuleTest } from '../model/index.ts'
import {
  createPartition,
  type Effect,
  type ObservablePartition,
  type PartitionOptions,
  restorePartition,
  type StateRow,
} from '../partition/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { type Difference, differences, type TestedAlert } from './compare-alert.ts'
import { durationText } from './duration-text.ts'
import { whyNoAlert, whyThisAlert } from './reason.ts'
import { testLog } from './test-log.ts'

/** Every test runs in each of these ways, and must end in the same alerts. */
export const TEST_WAYS = ['straight', 'restored', 'twice'] as const
export type TestWay = (typeof TEST_WAYS)[number]

export interface RuleTestOptions {
  /** What the test's clock shows at `0s`; default 2026-01-01T00:00:00Z. */
  readonly start?: EventTime
  readonly ways?: readonly TestWay[]
}

/** One test that failed in one way. */
export interface TestFailure {
  readonly way: TestWay
  /** One line each: what was expected and what came. */
  readonly expected: string
  readonly got: string
  /** Of the alerts that were expected and came: only the fields that differ. */
  readonly differences: readonly Difference[]
  /** Why, where it can be told. */
  readonly reason?: string
}

export interface TestReport {
  readonly name: string
  readonly pointer: string
  readonly line?: number
  readonly passed: boolean
  /** In the first way that failed; the others are in order when this is absent. */
  readonly failure?: TestFailure
}

export interface RuleTestReport {
  readonly rule: string
  readonly tests: readonly TestReport[]
}

export interface RuleTestsReport {
  readonly rules: readonly RuleTestReport[]
  readonly passed: number
  readonly failed: number
}

const START = eventTime(1_767_225_600_000)

/** Runs the tests in rules, with the engine that runs live. Pure: no clock, no I/O. */
export function runRuleTests(
  programs: readonly RuleProgram[],
  options: RuleTestOptions = {},
): RuleTestsReport {
  const rules = programs.map((program) => ({
    rule: program.definition.id,
    tests: program.definition.tests.map((test) => runTest(program, test, options)),
  }))
  const tests = rules.flatMap((rule) => rule.tests)
  const passed = tests.filter((test) => test.passed).length
  return { rules, passed, failed: tests.length - passed }
}

function runTest(program: RuleProgram, test: RuleTest, options: RuleTestOptions): TestReport {
  const report = {
    name: test.name,
    pointer: test.pointer,
    ...(test.line === undefined ? {} : { line: test.line }),
  }
  for (const way of options.ways ?? TEST_WAYS) {
    const failure = runOnce(program, test, { way, start: options.start ?? START })
    if (failure !== undefined) return { ...report, passed: false, failure }
  }
  return { ...report, passed: true }
}

interface Run {
  readonly way: TestWay
  readonly start: EventTime
}

function runOnce(program: RuleProgram, test: RuleTest, run: Run): TestFailure | undefined {
  const { partition, effects } = play(program, test, run)
  const alerts = alertsIn(effects, run.start)
  const found: Difference[] = test.expect.flatMap((expected, index) => {
    const alert = alerts[index]
    const prefix = test.expect.length > 1 ? `${index + 1}: ` : ''
    if (alert === undefined) return []
    return differences(expected, alert).map((entry) => ({ ...entry, field: prefix + entry.field }))
  })
  if (alerts.length === test.expect.length && found.length === 0) return undefined
  const reason =
    alerts.length < test.expect.length
      ? whyNoAlert({ partition, program, effects, start: run.start })
      : alerts.length > test.expect.length
        ? whyThisAlert(effects, test.expect.length, run.start)
        : undefined
  return {
    way: run.way,
    expected: alertCount(test.expect.length, test.expect[0]?.atMs),
    got: alertCount(alerts.length, alerts[Math.min(test.expect.length, alerts.length - 1)]?.atMs),
    differences: found,
    ...(reason === undefined ? {} : { reason }),
  }
}

/** The alerts that a rule raises on the events of a test, whatever the test expects. */
export const alertsOf = (program: RuleProgram, test: RuleTest): readonly TestedAlert[] =>
  alertsIn(play(program, test, { way: 'straight', start: START }).effects, START)

const alertsIn = (effects: readonly Effect[], start: EventTime): readonly TestedAlert[] =>
  effects.filter(({ kind }) => kind === 'alert').map(({ payload }) => readAlert(payload, start))

function play(
  program: RuleProgram,
  test: RuleTest,
  run: Run,
): { readonly partition: ObservablePartition; readonly effects: readonly Effect[] } {
  const options: PartitionOptions = {
    index: 0,
    count: 1,
    stream: 'TEST',
    rules: [{ program, status: 'live' }],
    lists: test.lists,
  }
  const effects: Effect[] = []
  const rows = new Map<string, StateRow>()
  let partition = createPartition(options)
  for (const entry of testLog(test, run.start)) {
    partition.process(run.way === 'twice' ? [entry, entry] : [entry])
    if (run.way !== 'restored') continue
    const step = partition.takeStep()
    effects.push(...(step?.effects ?? []))
    for (const row of step?.rows ?? []) {
      if (row.value === undefined) rows.delete(row.id)
      else rows.set(row.id, row)
    }
    partition = restorePartition(options, rows.values())
  }
  effects.push(...(partition.takeStep()?.effects ?? []))
  return { partition, effects }
}

function readAlert(payload: string, start: EventTime): TestedAlert {
  const { time, data } = JSON.parse(payload) as {
    readonly time: string
    readonly data: Omit<TestedAlert, 'atMs'>
  }
  return { ...data, atMs: Date.parse(time) - start }
}

const alertCount = (count: number, atMs: number | undefined): string => {
  if (count === 0) return 'no alert'
  const at = atMs === undefined ? '' : ` at ${durationText(atMs)}`
  return count === 1 ? `1 alert${at}` : `${count} alerts`
}
