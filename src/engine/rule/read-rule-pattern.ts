import type { AfterMatch, Pattern, Problem, RuleDefinition, RuleLimits } from '../model/index.ts'
import { sourcePlace } from '../model/index.ts'
import { readSentence, validatePattern } from '../pattern/index.ts'
import type { FieldReader } from './field-reader.ts'
import { type Located, nodeAt } from './located.ts'
import { readPattern } from './read-pattern.ts'

interface PatternSurroundings {
  readonly names: readonly string[] | undefined
  readonly afterMatch: AfterMatch
  readonly afterMatchNode: Located | undefined
  readonly limits: RuleLimits
}

/** `pattern:`, as a sentence or in the structural form, with everything that is wrong with what it means. */
export function readRulePattern(
  read: FieldReader,
  node: Located,
  draft: { pattern?: Pattern; sentence?: RuleDefinition['sentence'] },
  around: PatternSurroundings,
): void {
  const { afterMatch, afterMatchNode, limits, names } = around
  const place = (problem: Problem, at: Problem['at']): void => read.file.report({ ...problem, at })
  const context = { afterMatch, limits, ...(names ? { names } : {}) }
  if (node.kind === 'map') {
    const pattern = readPattern(read, node)
    if (!pattern) return
    draft.pattern = pattern
    for (const problem of validatePattern(pattern, context)) {
      const below = problem.at.pointer ?? ''
      const found = below === '/afterMatch' ? (afterMatchNode ?? node) : nodeAt(node, below)
      place(problem, read.file.place(found, below === '/afterMatch' ? below : `/pattern${below}`))
    }
    return
  }
  const source = read.source(node, 'sentence')
  if (!source) return
  const locate = (span: { offset: number; length: number }) => ({
    ...sourcePlace(source, span),
    pointer: '/pattern',
  })
  const sentence = readSentence(source.text, {}, { locate, ...(names ? { names } : {}) })
  for (const problem of sentence.problems) read.file.report(problem)
  if (!sentence.ok) return
  draft.pattern = sentence.value.pattern
  draft.sentence = source.text.trim().replaceAll(/\s+/g, ' ')
  for (const problem of validatePattern(sentence.value.pattern, context)) {
    const below = problem.at.pointer ?? ''
    if (below === '/afterMatch') place(problem, read.file.place(afterMatchNode ?? node, below))
    else place(problem, locate(sentence.value.spans(below)))
  }
}
