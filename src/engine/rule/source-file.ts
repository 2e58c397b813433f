import { caretExcerpt, type Place, type Problem, type SourceOrigin } from '../model/index.ts'
import type { RuleCode } from './codes.ts'
import type { LocatedScalar, Range } from './located.ts'

const PROBLEMS_MAX = 100

/** The text being read: turns offsets into lines and columns, and collects what is wrong. */
export class SourceFile {
  readonly text: string
  readonly name: string | undefined
  readonly problems: Problem[] = []
  readonly #lineStarts: number[] = [0]

  constructor(text: string, name?: string) {
    this.text = text
    this.name = name
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1)
  }

  error(code: RuleCode, range: Range & { readonly pointer?: string }, message: string, hint?: string): void {
    this.#add('error', code, range, message, hint)
  }

  warn(code: RuleCode, range: Range & { readonly pointer?: string }, message: string, hint?: string): void {
    this.#add('warning', code, range, message, hint)
  }

  #add(
    severity: 'error' | 'warning',
    code: RuleCode,
    range: Range & { readonly pointer?: string },
    message: string,
    hint?: string,
  ): void {
    const at = this.place(range, range.pointer)
    this.report({ code, severity, message, at, ...(hint === undefined ? {} : { hint }) })
  }

  /** Adds a problem found elsewhere, with its line as an excerpt. After a hundred the rest are noise of the first. */
  report(problem: Problem): void {
    if (this.problems.length >= PROBLEMS_MAX) return
    const { line, column, length } = problem.at
    const excerpt = line === undefined ? problem.excerpt : this.excerpt(line, column ?? 1, length ?? 1)
    this.problems.push({ ...problem, ...(excerpt === undefined ? {} : { excerpt }) })
  }

  /** The problems in the order of the text. */
  sorted(): readonly Problem[] {
    const line = (problem: Problem): number => problem.at.line ?? 0
    const column = (problem: Problem): number => problem.at.column ?? 0
    return this.problems.toSorted((a, b) => line(a) - line(b) || column(a) - column(b))
  }

  get hasErrors(): boolean {
    return this.problems.some(({ severity }) => severity === 'error')
  }

  place(range: Range, pointer?: string): Place {
    const { line, column } = this.lineAndColumn(range.start)
    return {
      ...(this.name === undefined ? {} : { file: this.name }),
      ...(pointer === undefined ? {} : { pointer }),
      line,
      column,
      length: Math.max(1, Math.min(range.end, this.#lineEnd(line)) - range.start),
    }
  }

  lineAndColumn(offset: number): { readonly line: number; readonly column: number } {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 }
  }

  excerpt(line: number, column: number, length: number): string {
    return caretExcerpt(this.lineText(line), column, length)
  }

  /** A line without its end, counted from 1. */
  lineText(line: number): string {
    return this.text.slice(this.#lineStarts[line - 1] ?? 0, this.#lineEnd(line)).trimEnd()
  }

  #lineEnd(line: number): number {
    const next = this.#lineStarts[line]
    return next === undefined ? this.text.length : next - 1
  }

  /**
   * Where the characters of a scalar's value stand in the file. Block scalars lose their indentation, quoted ones their escapes, so the
   * value is laid beside its source character by character; a new segment starts wherever the distance changes.
   */
  origin(scalar: LocatedScalar): SourceOrigin {
    const value = String(scalar.value)
    const segments: Array<{ offset: number; line: number; column: number }> = []
    let at = this.#contentStart(scalar)
    let distance: number | undefined
    for (let index = 0; index < value.length; index += 1) {
      const character = value[index] ?? ''
      if (/\s/.test(character)) {
        // Any run of white space in the source may stand for this one; the next word settles it.
        if (/\s/.test(this.text[at] ?? '')) at += 1
        continue
      }
      let found = at
      while (found < scalar.end && this.text[found] !== character) found += 1
      // An escape such as `\u00e9` has no counterpart: what follows is counted on from the last known place.
      if (found >= scalar.end) break
      if (found - index !== distance) {
        distance = found - index
        segments.push({ offset: index, ...this.lineAndColumn(found) })
      }
      at = found + 1
    }
    if (segments.length === 0) segments.push({ offset: 0, ...this.lineAndColumn(scalar.start) })
    return { ...(this.name === undefined ? {} : { file: this.name }), segments }
  }

  #contentStart(scalar: LocatedScalar): number {
    if (scalar.style === 'plain') return scalar.start
    if (scalar.style === 'quoted') return scalar.start + 1
    const newline = this.text.indexOf('\n', scalar.start)
    return newline < 0 ? scalar.start : newline + 1
  }
}
