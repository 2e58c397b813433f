import { createKeyedMatcher } from '../matcher/index.ts'
import { compareRules, compileRecord, sharedCompilers } from '../rule/index.ts'
import type { PartitionParts } from './options.ts'
import type { RuleRecord } from './rule-record.ts'

/** The engine's own matcher and rule compiler. */
export const DEFAULT_PARTS: PartitionParts = {
  createMatcher: createKeyedMatcher,
  compiler: {
    compile: (record) => compileRecord(record),
    compare: (before, after) =>
      compareRules(before, after).keepsPartialMatches ? 'compatible' : 'incompatible',
  },
}

/** For a partition of its own: rules that come to it share what they have in common. */
export function partsOfPartition(): PartitionParts {
  const shared = sharedCompilers()
  const compiler = {
    ...DEFAULT_PARTS.compiler,
    compile: (record: RuleRecord) => compileRecord(record, shared),
  }
  return { ...DEFAULT_PARTS, compiler }
}
