export * from './contract.ts'
export { traceRule } from './trace-rule.ts'
