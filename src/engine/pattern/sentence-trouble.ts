import { nearest } from '../model/index.ts'
import type { PatternCode } from './codes.ts'
import type { Span, Token } from './scan.ts'
import { isSentenceWord, listOf } from './words.ts'

/** One thing wrong in a sentence; ends its parsing. Thrown and caught inside this folder only. */
export interface Trouble {
  readonly code: PatternCode
  readonly message: string
  readonly hint?: string
  readonly span: Span
}

export class SentenceTrouble extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.message)
    this.trouble = trouble
  }
}

export function refuse(code: PatternCode, span: Span, message: string, hint?: string): never {
  throw new SentenceTrouble({ code, span, message, ...(hint === undefined ? {} : { hint }) })
}

/** What people write who think in another notation, and how it is said here. */
const SAID_OTHERWISE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '&&': '`all of a, b` takes events in any order; `a followed by b` takes them in this order',
    '&': '`all of a, b` takes events in any order; `a followed by b` takes them in this order',
    '||': 'write `or` between the names: `a or b`',
    '|': 'write `or` between the names: `a or b`',
    '->': 'write `followed by`',
    '=>': 'write `followed by`',
    '>': 'write `followed by`',
    '>>': 'write `followed by`',
    '!': 'write `followed by no x for 5 minutes`, `not followed by x` at the end, or `without x`',
    '+': 'write `one or more x`',
    '*': 'write `optional one or more x`',
    '?': 'write `optional x`',
    '{': 'write `at least 3 x`, `exactly 3 x` or `between 2 and 5 x`',
    '.': 'a sentence has no full stop',
    then: 'write `followed by`',
    before: 'write `a followed by b`',
    after: 'write `b followed by a`',
    next: 'write `immediately followed by`',
    never: 'write `not followed by` at the end, or `without x`',
    either: 'write `a or b`',
    maybe: 'write `optional`',
    times: 'the count stands before the name: `exactly 3 x`, `at least 3 x`',
    in: 'write `within` for a time limit',
    during: 'write `within` for a time limit',
    where: 'conditions stand in `events:`, at the definition of the event',
    unless: 'write `without x`',
    most: 'write `between 1 and 5 x`',
    than: 'write `at least`: more than 4 is `at least 5`',
    none: 'write `followed by no x for 5 minutes`',
  }),
)

function saidOtherwise(token: Token): string | undefined {
  const exact = SAID_OTHERWISE.get(token.text.toLowerCase())
  if (exact !== undefined || token.kind !== 'other') return exact
  return SAID_OTHERWISE.get(token.text.slice(0, 2)) ?? SAID_OTHERWISE.get(token.text.slice(0, 1))
}

/**
 * Refuses `token` where only `allowed` (words, or descriptions in angle brackets such as `<event name>`) could stand, with the fix that
 * fits: the word that was meant, or how the thing is said here.
 */
export function unexpected(token: Token, allowed: readonly string[], names: readonly string[] = []): never {
  const wanted = listOf(allowed.map((item) => (item.startsWith('<') ? item.slice(1, -1) : `\`${item}\``)))
  const message =
    token.kind === 'end'
      ? `The sentence ends where ${wanted} is expected.`
      : `\`${token.text}\` cannot stand here; allowed: ${wanted}.`
  const takesNames = allowed.some((item) => item.includes('event name'))
  const words = allowed.filter((item) => !item.startsWith('<')).flatMap((item) => item.split(' '))
  const meant =
    token.kind === 'word' ? nearest(token.text, takesNames ? words.concat(names) : words) : undefined
  const otherwise = saidOtherwise(token)
  const operator = token.kind === 'other' && otherwise !== undefined
  const code: PatternCode = operator ? 'sentence-operator' : 'sentence-syntax'
  if (meant !== undefined && meant !== token.text) refuse(code, token, message, `did you mean \`${meant}\`?`)
  if (otherwise !== undefined) refuse(code, token, message, otherwise)
  if (takesNames && names.length > 0) {
    const reserved = isSentenceWord(token.text)
      ? `\`${token.text}\` is a word of the language, not an event; `
      : ''
    refuse(code, token, message, `${reserved}the events of this rule: ${listOf(names, 'and')}`)
  }
  refuse(code, token, message)
}
