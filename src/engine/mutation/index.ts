export { type Mutant, mutantsOf } from './mutate.ts'
export {
  type MutationOptions,
  type MutationReport,
  type SurvivingMutant,
  testMutants,
} from './test-mutants.ts'
