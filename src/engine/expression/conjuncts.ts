import {
  type Expression,
  failure,
  type Result,
  type SourceText,
  sliceSource,
  success,
} from '../model/index.ts'
import {
  asProblem,
  asSource,
  compileExpression,
  type ExpressionOptions,
  LINTED,
} from './compile-expression.ts'
import { lint } from './lints.ts'
import { parse } from './parse.ts'
import { RULE_LIMITS, shareOf } from './run.ts'

export type Conjunct = Expression

/**
 * The texts that `and` joins at the top of a condition. They hold in any order: a conjunct that is false decides, and an error counts
 * only when none is.
 */
export function conjunctSources(source: SourceText | string): Result<readonly SourceText[]> {
  const whole = asSource(source)
  const parsed = parse(whole.text)
  if (!parsed.ok) return failure([asProblem(whole, parsed.trouble)])
  if (parsed.ast.type !== 'binary' || parsed.ast.value !== 'and') return success([whole])
  const parts: SourceText[] = []
  let from = 0
  for (const [start, end] of topLevelAnds(whole.text)) {
    const part = whole.text.slice(from, start)
    // `and` and `or` side by side: the first binds tighter; a text where that is unclear stays whole.
    if (!parse(part).ok) return success([whole])
    parts.push(trimmed(whole, from, start))
    from = end
  }
  parts.push(trimmed(whole, from, whole.text.length))
  if (!parts.every((part) => parse(part.text).ok)) return success([whole])
  for (const part of parts) LINTED.add(part)
  const warnings = lint(parsed.ast, whole.text).map((trouble) => asProblem(whole, trouble, 'warning'))
  return success(parts, warnings)
}

function trimmed(source: SourceText, from: number, to: number): SourceText {
  const text = source.text.slice(from, to)
  const lead = text.length - text.trimStart().length
  return sliceSource(source, from + lead, from + text.trimEnd().length)
}

/** Where `and` stands as an operator outside all brackets and literals. */
function topLevelAnds(text: string): ReadonlyArray<readonly [number, number]> {
  const found: Array<readonly [number, number]> = []
  const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\/\*[\s\S]*?\*\/|[([{]|[)\]}]|[\w$]+|\s+|[\s\S]/g
  let depth = 0
  let operand = false
  for (const match of text.matchAll(token)) {
    const [word] = match
    if (/^[([{]$/.test(word)) depth++
    else if (/^[)\]}]$/.test(word)) depth--
    // A name `and` can only stand where an operand is expected.
    if (word === 'and' && depth === 0 && operand) found.push([match.index, match.index + word.length])
    if (/^\s|^\/\*/.test(word)) continue
    operand = word === 'and' ? !operand : /^["'`)\]}\w$]/.test(word)
  }
  return found
}

/** The conjuncts of a condition, compiled. */
export function splitConjuncts(
  source: SourceText | string,
  options: ExpressionOptions,
): Result<readonly Conjunct[]> {
  const parts = conjunctSources(source)
  if (!parts.ok) return parts
  const limits = shareOf({ ...RULE_LIMITS, ...options.limits }, parts.value.length)
  const results = parts.value.map((part) => compileExpression(part, { ...options, limits }))
  const problems = [...parts.problems, ...results.flatMap((result) => result.problems)]
  const conjuncts = results.flatMap((result) => (result.ok ? [result.value] : []))
  return conjuncts.length === results.length ? success(conjuncts, problems) : failure(problems)
}
