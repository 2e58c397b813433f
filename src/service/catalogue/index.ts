export type { Bucket, BucketEntry } from './bucket.ts'
export {
  type ApproveOutcome,
  Catalogue,
  type Expectation,
  type StoredRule,
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
export {
  isSamePerson,
  PROPOSAL_STATES,
  PROPOSALS_BUCKET,
  PROPOSALS_KEPT_MS,
  type Proposal,
  type ProposalState,
  readProposal,
} from './proposal.ts'
export {
  type Decided,
  PENDING_PROPOSALS_MAX,
  ProposalDesk,
  type StoredProposal,
} from './proposal-desk.ts'
export { type RulePut, type RuleRecord, textInForce, versionInForce, writtenText } from './record.ts'
export { createSandbox } from './sandbox.ts'
export { sandboxedCompiler } from './sandboxed-compiler.ts'
export { unifiedDiff } from './text-diff.ts'
export type { ManagedElsewhere, WriteBy } from './write-by.ts'
