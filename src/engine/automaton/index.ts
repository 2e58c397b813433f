export { compilePattern } from './compile-pattern.ts'
export type * from './contract.ts'
export * from './graph.ts'
export type { LogPlan, Plan, RunPlan, SuffixPlan } from './plan.ts'
