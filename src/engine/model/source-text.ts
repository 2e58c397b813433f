import type { Place } from './result.ts'
import type { SourceOrigin, SourceText } from './rule.ts'

/** Where characters of a source text stand: in the author's file when that is known, else counted from the text's own start. */
export function sourcePlace(
  source: SourceText,
  span: { readonly offset: number; readonly length?: number },
): Place {
  const { offset, length } = span
  const covers = length === undefined ? {} : { length }
  const segment = source.origin?.segments.findLast((start) => start.offset <= offset)
  if (!source.origin || !segment) {
    const before = source.text.slice(0, offset).split('\n')
    const column = (before.at(-1) ?? '').length + 1
    return { pointer: source.pointer, line: before.length, column, ...covers }
  }
  return {
    ...(source.origin.file === undefined ? {} : { file: source.origin.file }),
    pointer: source.pointer,
    line: segment.line,
    column: segment.column + offset - segment.offset,
    ...covers,
  }
}

/** The part of a source text from `from` to `to`, still knowing where it stands. */
export function sliceSource(source: SourceText, from: number, to?: number): SourceText {
  const text = source.text.slice(from, to)
  if (!source.origin) return { text, pointer: source.pointer }
  return { text, pointer: source.pointer, origin: sliceOrigin(source.origin, from, from + text.length) }
}

function sliceOrigin(origin: SourceOrigin, from: number, to: number): SourceOrigin {
  const before = origin.segments.findLast((segment) => segment.offset <= from)
  const first = before ? [{ offset: 0, line: before.line, column: before.column + from - before.offset }] : []
  const later = origin.segments
    .filter((segment) => segment.offset > from && segment.offset < to)
    .map((segment) => ({ ...segment, offset: segment.offset - from }))
  return { ...(origin.file === undefined ? {} : { file: origin.file }), segments: [...first, ...later] }
}
