export type {
  ActivatedVersions,
  Belonging,
  DoneErasure,
  Effect,
  ErasedKey,
  GuestStatistics,
  KeptOfKey,
  LogEntry,
  ObservablePartition,
  PartialMatchReport,
  Partition,
  PartitionCounters,
  PartitionStatistics,
  RuleStatistics,
  StateRow,
  Step,
  VersionRole,
  VersionStatistics,
} from './contract.ts'
export { CONTROL_PREFIX, ERASED_SUBJECT } from './control.ts'
export { createPartition, restorePartition } from './create.ts'
export { DEFAULT_PARTS } from './default-parts.ts'
export type { ErasedEntry } from './erasure.ts'
export { DEFAULT_LIMITS, type PartitionLimits } from './limits.ts'
export type { PartitionOptions, PartitionParts, RuleChange, RuleCompiler } from './options.ts'
export { EnginePartition } from './partition.ts'
export type { CandidateRecord, PartialMatchesMode, RuleRecord } from './rule-record.ts'
export { isInShare } from './share.ts'
export type { SilenceMatcher } from './silences.ts'
export {
  newCounts,
  type PartialMatchesChange,
  type PredicateErrorCount,
  type RuleCounts,
} from './statistics.ts'
