import type { Codegen } from '../../src/engine/expression/index.ts'

/** Source for every expression that has a place in the subset, at its first evaluation. */
export const EAGER_CODEGEN: Codegen = { hotAfter: 1, admit: () => true }
