export type { Bucket, BucketEntry } from './bucket.ts'
export {
  type ApplyOutcome,
  Catalogue,
  type CatalogueOptions,
  type Expectation,
  type RuleVersion,
  type StoredRule,
  type WriteBy,
  type WriteOutcome,
} from './catalogue.ts'
export type {
  Compiled,
  CompiledRule,
  Explanation,
  RuleCompiler,
  RuleText,
  TestOutcome,
} from './compiler.ts'
export { localCompiler } from './local-compiler.ts'
export { memoryBucket } from './memory-bucket.ts'
export { openBucket, RULES_BUCKET, VERSIONS_BUCKET } from './nats-bucket.ts'
export {
  type RuleFormat,
  type RulePut,
  type RuleRecord,
  type RuleRemove,
  type RuleSummary,
  readRecord,
} from './record.ts'
export { type SandboxedCompilerOptions, sandboxedCompiler } from './sandboxed-compiler.ts'
