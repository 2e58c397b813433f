import { createKeyedMatcher } from '../matcher/index.ts'
import { failure } from '../model/index.ts'
import type { PartitionParts } from './options.ts'

/** The engine's own matcher and rule compiler. */
export const DEFAULT_PARTS: PartitionParts = {
  createMatcher: createKeyedMatcher,
  compiler: {
    compile: (record) =>
      failure([
        {
          code: 'rule-compiler-missing',
          severity: 'error',
          message: 'no rule compiler',
          at: { file: record.id },
        },
      ]),
    compare: () => 'incompatible',
  },
}
