import {
  failure,
  type Problem,
  type Result,
  type SourceText,
  sliceSource,
  sourcePlace,
  success,
} from '../model/index.ts'

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hole'; readonly source: SourceText }

const HOLES_MAX = 64

/** Splits a text with `{{ EXPRESSION }}` holes. Braces and quotes inside an expression are paired, so `}}` in them ends nothing. */
export function parseTemplate(source: SourceText): Result<readonly TemplatePart[]> {
  const { text } = source
  const parts: TemplatePart[] = []
  const problems: Problem[] = []
  const complain = (offset: number, message: string, hint: string): void => {
    const at = sourcePlace(source, { offset, length: 2 })
    problems.push({ code: 'bad-template', severity: 'error', message, hint, at })
  }
  let from = 0
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', from)) {
    const close = endOfHole(text, open + 2)
    if (close === undefined) {
      complain(open, 'This `{{` does not end.', 'close it with `}}`')
      return failure(problems)
    }
    if (open > from) parts.push({ kind: 'text', text: text.slice(from, open) })
    const inner = trimmed(text, open + 2, close)
    if (inner.start === inner.end)
      complain(open, 'This `{{ }}` is empty.', 'write an expression in it, such as `{{ $key }}`')
    else parts.push({ kind: 'hole', source: sliceSource(source, inner.start, inner.end) })
    from = close + 2
    if (parts.length > 2 * HOLES_MAX) {
      complain(open, `A text has at most ${HOLES_MAX} holes.`, 'shorten it')
      return failure(problems)
    }
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) })
  return problems.length > 0 ? failure(problems) : success(parts)
}

function endOfHole(text: string, from: number): number | undefined {
  let depth = 0
  let quote = ''
  for (let index = from; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (quote !== '') {
      if (character === '\\') index += 1
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'" || character === '`') {
      quote = character
    } else if (character === '{') {
      depth += 1
    } else if (character === '}') {
      if (depth === 0) return text[index + 1] === '}' ? index : undefined
      depth -= 1
    }
  }
  return undefined
}

function trimmed(text: string, from: number, to: number): { readonly start: number; readonly end: number } {
  let start = from
  let end = to
  while (start < end && /\s/.test(text[start] ?? '')) start += 1
  while (end > start && /\s/.test(text[end - 1] ?? '')) end -= 1
  return { start, end }
}
