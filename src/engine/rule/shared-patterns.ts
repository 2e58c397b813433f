import type { CompilePattern } from '../automaton/index.ts'
import { Remembered } from './remembered.ts'

/** The same compiler, which compiles each pattern once: rules of one form share the automaton. */
export function sharedPatterns(compilePattern: CompilePattern): CompilePattern {
  const known = new Remembered<ReturnType<CompilePattern>>()
  return (input) => {
    const id = JSON.stringify({ ...input, conditional: [...input.conditional] })
    const shared = known.get(id)
    if (shared !== undefined) return shared
    const compiled = compilePattern(input)
    known.set(id, compiled)
    return compiled
  }
}
