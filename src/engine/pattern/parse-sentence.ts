import {
  caretExcerpt,
  type EventName,
  failure,
  type Pattern,
  type Place,
  type Problem,
  type Result,
  success,
} from '../model/index.ts'
import { type Span, scanSentence } from './scan.ts'
import { SentenceParser } from './sentence-parser.ts'
import { refuse, SentenceTrouble, type Trouble } from './sentence-trouble.ts'

const SENTENCE_LENGTH_MAX = 4_096

export interface SentenceOptions {
  /** The events that the rule defines, for "did you mean". Unknown names are `validatePattern`'s business. */
  readonly names?: readonly EventName[]
  /** Where characters of the sentence stand; default: `place` and the offset behind it. */
  readonly locate?: (span: Span) => Place
}

/** Where the parts of a parsed pattern stand in its sentence, by JSON Pointer into the pattern. */
export type SentenceSpans = (pointer: string) => Span

export interface ReadSentence {
  readonly pattern: Pattern
  readonly spans: SentenceSpans
}

/**
 * Reads a pattern sentence. Problems show the sentence with carets; codes: `sentence-*`, `bad-duration`, `bad-count`,
 * `within-in-the-middle`, `without-after-within`, `negation-not-last`, `empty-pattern`.
 */
export function parseSentence(
  text: string,
  place: Place = {},
  options: SentenceOptions = {},
): Result<Pattern> {
  const read = readSentence(text, place, options)
  return read.ok ? success(read.value.pattern, read.problems) : read
}

/** As `parseSentence`, with the spans of what was read. */
export function readSentence(
  text: string,
  place: Place = {},
  options: SentenceOptions = {},
): Result<ReadSentence> {
  const locate = options.locate ?? ((span: Span) => placeInText(text, span, place))
  try {
    if (text.length > SENTENCE_LENGTH_MAX) {
      const span = { offset: SENTENCE_LENGTH_MAX, length: 1 }
      refuse('sentence-too-long', span, `The sentence is longer than ${SENTENCE_LENGTH_MAX} characters.`)
    }
    const parser = new SentenceParser(scanSentence(text), options.names ?? [])
    const pattern = parser.whole()
    return success({ pattern, spans: (pointer) => parser.spanOf(pattern, pointer) })
  } catch (error) {
    if (!(error instanceof SentenceTrouble)) throw error
    return failure([sentenceProblem(error.trouble, text, locate)])
  }
}

function sentenceProblem(trouble: Trouble, text: string, locate: (span: Span) => Place): Problem {
  const { code, message, hint, span } = trouble
  const at = { ...locate(span), length: span.length }
  const excerpt = sentenceExcerpt(text, span)
  return { code, severity: 'error', message, at, excerpt, ...(hint === undefined ? {} : { hint }) }
}

/** The line of the sentence that a span starts in, with carets. */
export function sentenceExcerpt(text: string, span: Span): string {
  const start = text.lastIndexOf('\n', span.offset - 1) + 1
  const end = text.indexOf('\n', span.offset)
  return caretExcerpt(text.slice(start, end < 0 ? undefined : end), span.offset - start + 1, span.length)
}

function placeInText(text: string, span: Span, place: Place): Place {
  const before = text.slice(0, span.offset).split('\n')
  const line = (place.line ?? 1) + before.length - 1
  const column = (before.at(-1) ?? '').length + (before.length === 1 ? (place.column ?? 1) : 1)
  return { ...place, line, column, length: span.length }
}
