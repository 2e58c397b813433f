export type { Difference, TestedAlert } from './compare-alert.ts'
export { durationText } from './duration-text.ts'
export {
  alertsOf,
  type RuleTestOptions,
  type RuleTestReport,
  type RuleTestsReport,
  runRuleTests,
  TEST_WAYS,
  type TestFailure,
  type TestReport,
  type TestWay,
} from './run-rule-tests.ts'
