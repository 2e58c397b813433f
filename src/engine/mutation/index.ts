export { type Mutant, mutantsOf } from './mutate.ts'
export { mutateExpression } from './mutate-expression.ts'
export { scanExpression, type Token } from './scan-expression.ts'
export {
  type MutationOptions,
  type MutationReport,
  type SurvivingMutant,
  testMutants,
} from './test-mutants.ts'
