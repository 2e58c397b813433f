export * from './contract.ts'
export { type EventLook, lookAtEvent, type StepLook } from './look-at-event.ts'
export { traceRule } from './trace-rule.ts'
