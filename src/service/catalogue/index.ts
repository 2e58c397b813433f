export type { Bucket, BucketEntry } from './bucket.ts'
export {
  Catalogue,
  type Expectation,
  type ManagedElsewhere,
  type StoredRule,
  type WriteBy,
  type WriteOutcome,
} from './catalogue.ts'
export { runs } from './change-problems.ts'
export type {
  RuleCompiler,
  RuleText,
} from './compiler.ts'
export { type LifecycleOutcome, RuleLifecycle } from './lifecycle.ts'
export { localCompiler } from './local-compiler.ts'
export { memoryBucket } from './memory-bucket.ts'
export { openBucket, RULES_BUCKET, VERSIONS_BUCKET } from './nats-bucket.ts'
export { type RulePut, textInForce, versionInForce, writtenText } from './record.ts'
export { createSandbox } from './sandbox.ts'
export { sandboxedCompiler } from './sandboxed-compiler.ts'
export { unifiedDiff } from './text-diff.ts'
