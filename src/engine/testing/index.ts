export type { Difference } from './compare-alert.ts'
export { durationText } from './duration-text.ts'
export {
  type RuleTestOptions,
  type RuleTestReport,
  type RuleTestsReport,
  runRuleTests,
  TEST_WAYS,
  type TestFailure,
  type TestReport,
  type TestWay,
} from './run-rule-tests.ts'
