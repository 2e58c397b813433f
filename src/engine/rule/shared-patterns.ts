import type { CompilePattern } from '../automaton/index.ts'

/** So many patterns are remembered; the oldest goes first. */
const SHARED_MAX = 20_000

/** The same compiler, which compiles each pattern once: rules of one form share the automaton. */
export function sharedPatterns(compilePattern: CompilePattern): CompilePattern {
  const known = new Map<string, ReturnType<CompilePattern>>()
  return (input) => {
    const id = JSON.stringify({ ...input, conditional: [...input.conditional] })
    const shared = known.get(id)
    if (shared !== undefined) return shared
    const compiled = compilePattern(input)
    const oldest = known.size < SHARED_MAX ? undefined : known.keys().next().value
    if (oldest !== undefined) known.delete(oldest)
    known.set(id, compiled)
    return compiled
  }
}
