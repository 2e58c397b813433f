import { createKeyedMatcher } from '../matcher/index.ts'
import { compareRules, compileRecord } from '../rule/index.ts'
import type { PartitionParts } from './options.ts'

/** The engine's own matcher and rule compiler. */
export const DEFAULT_PARTS: PartitionParts = {
  createMatcher: createKeyedMatcher,
  compiler: {
    compile: compileRecord,
    compare: (before, after) =>
      compareRules(before, after).keepsPartialMatches ? 'compatible' : 'incompatible',
  },
}
