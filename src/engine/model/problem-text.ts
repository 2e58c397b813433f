import type { Place, Problem } from './result.ts'

const EXCERPT_WIDTH = 110

/** A line of text with carets under `length` characters from `column` (from 1); long lines are cut around the carets. */
export function caretExcerpt(line: string, column: number, length = 1): string {
  const text = line.replaceAll('\t', ' ')
  const start = Math.max(0, Math.min(column - 1, text.length))
  const carets = Math.max(1, Math.min(length, text.length - start, EXCERPT_WIDTH))
  if (text.length <= EXCERPT_WIDTH) return `${text}\n${' '.repeat(start)}${'^'.repeat(carets)}`
  const from = Math.max(0, Math.min(start - 40, text.length - EXCERPT_WIDTH))
  const cut = `${from > 0 ? '…' : ''}${text.slice(from, from + EXCERPT_WIDTH)}${from + EXCERPT_WIDTH < text.length ? '…' : ''}`
  const shown = Math.min(carets, EXCERPT_WIDTH - (start - from))
  return `${cut}\n${' '.repeat(start - from + (from > 0 ? 1 : 0))}${'^'.repeat(Math.max(1, shown))}`
}

/** `file:line:column`, or as much of it as is known; the pointer when there is no line. */
export function placeText(place: Place): string {
  const position =
    place.line === undefined
      ? place.pointer
      : `${place.line}${place.column === undefined ? '' : `:${place.column}`}`
  return [place.file, position].filter((part) => part !== undefined && part !== '').join(':')
}

/** A problem as people read it on a terminal: place, code, message, the line with carets, the fix. */
export function formatProblem(problem: Problem): string {
  const place = placeText(problem.at)
  const lines = [`${place === '' ? '' : `${place}  `}${problem.severity} ${problem.code}: ${problem.message}`]
  if (problem.excerpt !== undefined) {
    for (const line of problem.excerpt.split('\n')) lines.push(`    ${line}`)
  }
  if (problem.hint !== undefined) lines.push(`  fix: ${problem.hint}`)
  return lines.join('\n')
}
