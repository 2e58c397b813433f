import {
  type AbsenceStep,
  type Contiguity,
  caretExcerpt,
  type DurationMs,
  durationMs,
  type EventName,
  failure,
  nearest,
  type Pattern,
  type PatternStep,
  type Place,
  type Problem,
  type Quantifier,
  type Result,
  success,
} from '../model/index.ts'
import { DURATION_MAX_MS, parseIsoDuration, UNIT_WORDS, unitMs, unitSpellings } from './duration.ts'
import { type Span, scanSentence, type Token } from './scan.ts'
import { refuse, SentenceTrouble, type Trouble, unexpected } from './sentence-trouble.ts'
import { isSentenceWord } from './words.ts'

const SENTENCE_LENGTH_MAX = 4_096
const NESTING_MAX = 16

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

interface Follow {
  readonly contiguity: Contiguity
  readonly hopMs?: DurationMs
}

const FOLLOWS = ['followed by', 'immediately followed by', 'not followed by'] as const
const STEP_STARTS = [
  '<an event name>',
  'optional',
  'at least',
  'exactly',
  'between',
  'one or more',
  'all of',
  '(',
] as const

/** One token of lookahead, one method per rule of the grammar. */
class SentenceParser {
  readonly #tokens: readonly Token[]
  readonly #names: readonly string[]
  /** Spans of patterns and steps; parts by their pointer below the object. */
  readonly #spans = new Map<object, Map<string, Span>>()
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[], names: readonly string[]) {
    this.#tokens = tokens
    this.#names = names
  }

  whole(): Pattern {
    if (this.#token.kind === 'end') {
      refuse(
        'empty-pattern',
        this.#token,
        'The sentence is empty.',
        'write for example `a followed by b within 5 minutes`',
      )
    }
    const pattern = this.#pattern()
    if (this.#at(')'))
      refuse('sentence-syntax', this.#token, 'This `)` closes nothing.', 'remove it, or add the `(`')
    return pattern
  }

  /** The span of the nearest part at or above `pointer`. */
  spanOf(pattern: Pattern, pointer: string): Span {
    let node: unknown = pattern
    let span: Span = { offset: 0, length: 1 }
    let below = ''
    let parts: Map<string, Span> | undefined
    const settle = () => {
      const known = node === null || typeof node !== 'object' ? undefined : this.#spans.get(node)
      if (known) {
        parts = known
        below = ''
      }
      span = parts?.get(below) ?? span
    }
    settle()
    for (const key of pointer.split('/').slice(1)) {
      node = node === null || typeof node !== 'object' ? undefined : (node as Record<string, unknown>)[key]
      below += `/${key}`
      settle()
    }
    return span
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] ?? END
  }

  #peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] ?? END
  }

  #at(...texts: readonly string[]): boolean {
    const { kind, text } = this.#token
    return (kind === 'word' || kind === 'mark') && texts.includes(text)
  }

  #take(text: string): boolean {
    if (!this.#at(text)) return false
    this.#next += 1
    return true
  }

  #expect(text: string, ...others: readonly string[]): void {
    if (!this.#take(text)) this.#unexpected([text, ...others])
  }

  #unexpected(allowed: readonly string[]): never {
    return unexpected(this.#token, allowed, this.#names)
  }

  /** From the token at `start` to the last one taken. */
  #spanFrom(start: number): Span {
    const first = this.#tokens[start] ?? END
    const last = this.#tokens[Math.max(start, this.#next - 1)] ?? first
    return { offset: first.offset, length: last.offset + last.length - first.offset }
  }

  #pattern(): Pattern {
    const start = this.#next
    const parts = new Map<string, Span>()
    const steps: PatternStep[] = [this.#step({ contiguity: 'relaxed' })]
    let closed = false
    while (!closed && this.#at('followed', 'immediately', 'not')) {
      const step = this.#follow()
      steps.push(step)
      closed = step.kind === 'absence' && this.#saidNot
    }
    const without = this.#at('without') ? this.#without(parts) : undefined
    const limit = this.#at('within') ? this.#within(parts) : undefined
    this.#checkEnd(closed, without !== undefined, limit !== undefined)
    const pattern: Pattern = {
      steps,
      ...(limit === undefined ? {} : { withinMs: limit }),
      ...(without === undefined ? {} : { without }),
    }
    parts.set('', this.#spanFrom(start))
    this.#spans.set(pattern, parts)
    return pattern
  }

  #saidNot = false

  #without(parts: Map<string, Span>): readonly EventName[] {
    const start = this.#next
    this.#expect('without')
    const names = this.#nameList('without', parts)
    parts.set('/without', this.#spanFrom(start))
    return names
  }

  #within(parts: Map<string, Span>): DurationMs {
    const start = this.#next
    this.#expect('within')
    const limit = this.#duration()
    parts.set('/withinMs', this.#spanFrom(start))
    return limit
  }

  /** What may follow a complete pattern, and what people write there instead. */
  #checkEnd(closed: boolean, hasWithout: boolean, hasWithin: boolean): void {
    const token = this.#token
    if (token.kind === 'end') {
      if (this.#depth > 0) refuse('sentence-syntax', token, 'A `)` is missing.', 'close the parenthesis')
      return
    }
    if (this.#at(')')) return
    if (this.#at('followed', 'immediately', 'not')) this.#refuseFollow(closed, hasWithout)
    if (hasWithin && this.#at('without')) {
      const hint = 'put `without …` before `within …`'
      refuse('without-after-within', token, '`within` is the last part of a sentence.', hint)
    }
    if (hasWithin && this.#at('within')) {
      refuse(
        'sentence-syntax',
        token,
        'The sentence has two time limits.',
        'keep one; a limit on one hop is `followed within 5 minutes by b`',
      )
    }
    const ends = ['<the end of the sentence>', ...(this.#depth > 0 ? [')'] : [])]
    if (hasWithin) this.#unexpected(ends)
    if (hasWithout) this.#unexpected(['within', 'or', ...ends])
    if (closed) this.#unexpected(['or', 'without', 'within', ...ends])
    if (this.#at(',', 'and')) {
      const hint =
        '`all of a, b` takes events in any order; `a or b` takes one of them; `a followed by b` takes them in this order'
      refuse(
        'sentence-operator',
        token,
        `\`${token.text}\` can only stand in \`all of a, b\` and \`at least 2 of a, b, c\`.`,
        hint,
      )
    }
    this.#unexpected([...FOLLOWS, 'or', 'until', 'without', 'within', ...ends])
  }

  #refuseFollow(closed: boolean, hasWithout: boolean): never {
    const token = this.#token
    if (closed) {
      const hint =
        'in the middle write `followed by no x for 5 minutes`, or forbid it in the whole span with `without x`'
      refuse('negation-not-last', token, '`not followed by` is the last step of a sentence.', hint)
    }
    if (hasWithout) {
      const hint =
        'put `without …` at the end (it covers the whole span), or use parentheses: `(a followed by b without x) followed by c`'
      refuse('sentence-syntax', token, '`without` cannot stand in the middle.', hint)
    }
    const hint =
      'put `within` at the end to limit the whole; write `followed within 5 minutes by …` to limit one hop; use parentheses to limit a part: `(a followed by b within 5 minutes) followed by c`'
    refuse('within-in-the-middle', token, '`within` in the middle does not say what it limits.', hint)
  }

  #follow(): PatternStep {
    const start = this.#next
    this.#saidNot = false
    if (this.#take('not')) return this.#notFollowed(start)
    const strict = this.#take('immediately')
    this.#expect('followed')
    const hopStart = this.#next
    const hopMs = this.#hop()
    const hopSpan = this.#spanFrom(hopStart)
    this.#by()
    if (this.#at('no')) return this.#followedByNo(start, strict, hopMs !== undefined)
    const any = this.#at('any')
    if (any && strict) {
      refuse(
        'sentence-syntax',
        this.#token,
        '`immediately` leaves no choice: `any` cannot stand here.',
        'remove `any`',
      )
    }
    if (any) this.#next += 1
    const contiguity = strict ? 'strict' : any ? 'non-deterministic-relaxed' : 'relaxed'
    const step = this.#step({ contiguity, ...(hopMs === undefined ? {} : { hopMs }) })
    if (hopMs !== undefined) this.#spans.get(step)?.set('/hopMs', hopSpan)
    return step
  }

  #hop(): DurationMs | undefined {
    return this.#take('within') ? this.#duration() : undefined
  }

  #by(): void {
    if (this.#take('by')) return
    const token = this.#token
    const named = token.kind === 'word' && this.#names.includes(token.text)
    const stranger =
      token.kind === 'word' &&
      !isSentenceWord(token.text) &&
      nearest(token.text, ['by', 'within']) === undefined
    if (named || stranger || this.#at('(')) {
      refuse('sentence-missing-word', token, '`by` is missing here.', `write \`followed by ${token.text}\``)
    }
    this.#unexpected(['by', 'within'])
  }

  #followedByNo(start: number, strict: boolean, hasHop: boolean): AbsenceStep {
    const token = this.#token
    if (strict || hasHop) {
      const hint = 'write `followed by no x for 5 minutes`; the structural form says more'
      refuse(
        'sentence-syntax',
        token,
        `\`no\` cannot follow ${strict ? '`immediately followed by`' : 'a limit of its own'}.`,
        hint,
      )
    }
    this.#next += 1
    const parts = new Map<string, Span>()
    const events = this.#nameList('events', parts)
    if (!this.#take('for')) {
      if (this.#at('within')) {
        refuse(
          'sentence-syntax',
          this.#token,
          '`no` needs a time of its own.',
          'write `for` instead of `within`',
        )
      }
      this.#unexpected(['for', 'or'])
    }
    const forMs = this.#duration()
    parts.set('', this.#spanFrom(start))
    const step: AbsenceStep = { kind: 'absence', events, contiguity: 'relaxed', forMs }
    this.#spans.set(step, parts)
    return step
  }

  #notFollowed(start: number): AbsenceStep {
    if (this.#at('immediately')) {
      const hint = 'write it in the structural form: an absence with `contiguity: strict`'
      refuse('sentence-syntax', this.#token, 'A sentence cannot say `not immediately followed by`.', hint)
    }
    this.#expect('followed')
    const forMs = this.#hop()
    this.#by()
    const parts = new Map<string, Span>()
    const events = this.#nameList('events', parts)
    parts.set('', this.#spanFrom(start))
    const limit = forMs === undefined ? {} : { forMs }
    const step: AbsenceStep = { kind: 'absence', events, contiguity: 'relaxed', ...limit }
    this.#spans.set(step, parts)
    this.#saidNot = true
    return step
  }

  #step(follow: Follow): PatternStep {
    const start = this.#next
    const parts = new Map<string, Span>()
    const optional = this.#take('optional')
    const step = this.#anyOrder(follow, optional, parts) ?? this.#countedStep(follow, optional, parts)
    parts.set('', this.#spanFrom(start))
    this.#spans.set(step, parts)
    // A nested pattern may have ended in `not followed by`; this step has not.
    this.#saidNot = false
    return step
  }

  #anyOrder(follow: Follow, optional: boolean, parts: Map<string, Span>): PatternStep | undefined {
    const start = this.#next
    let atLeast: number | undefined
    if (this.#take('all')) {
      this.#expect('of')
    } else if (this.#at('at') && this.#peek(1).text === 'least' && this.#peek(3).text === 'of') {
      this.#next += 2
      atLeast = this.#count()
      this.#expect('of')
    } else {
      return undefined
    }
    const members: EventName[] = []
    do {
      parts.set(`/members/${members.length}`, this.#token)
      members.push(this.#name())
    } while (this.#take(',') || this.#take('and'))
    parts.set('/members', this.#spanFrom(start))
    parts.set('/atLeast', this.#spanFrom(start))
    const some = atLeast === undefined || atLeast === members.length ? {} : { atLeast }
    const quantifier = optional ? { quantifier: { min: 1, max: 1, optional } } : {}
    return { kind: 'any-order', ...follow, members, ...some, ...quantifier }
  }

  #countedStep(follow: Follow, optional: boolean, parts: Map<string, Span>): PatternStep {
    const start = this.#next
    const count = this.#counts()
    if (count) parts.set('/quantifier', this.#spanFrom(start))
    const branches = this.#branches(parts)
    const names = branches.flatMap((branch) => (typeof branch === 'string' ? [branch] : []))
    const onlyNames = names.length === branches.length
    const until = this.#until(parts)
    const quantifier = quantify({ count, optional, greedy: onlyNames, until })
    const positive = { ...follow, ...(quantifier === undefined ? {} : { quantifier }) }
    if (onlyNames) return { kind: 'event', ...positive, events: names }
    const [only] = branches
    if (branches.length === 1 && only !== undefined && typeof only !== 'string') {
      for (const [part, span] of this.#spans.get(only) ?? []) if (part !== '') parts.set(part, span)
      return { kind: 'group', ...positive, ...only }
    }
    const patterns = branches.map(
      (branch): Pattern =>
        typeof branch === 'string'
          ? { steps: [{ kind: 'event', contiguity: 'relaxed', events: [branch] }] }
          : branch,
    )
    return { kind: 'choice', ...positive, branches: patterns }
  }

  /** `a or b or (c followed by d)`; records the spans of names as `/events/N` and of branches as `/branches/N`. */
  #branches(parts: Map<string, Span>): ReadonlyArray<EventName | Pattern> {
    const branches: Array<EventName | Pattern> = []
    do {
      const start = this.#next
      if (this.#take('(')) {
        this.#depth += 1
        if (this.#depth > NESTING_MAX) {
          refuse('sentence-too-long', this.#token, `Parentheses are nested deeper than ${NESTING_MAX}.`)
        }
        if (this.#at(')'))
          refuse(
            'empty-pattern',
            this.#token,
            'The parentheses are empty.',
            'write a step in them, or remove them',
          )
        const inner = this.#pattern()
        this.#expect(')')
        this.#depth -= 1
        branches.push(inner)
      } else {
        branches.push(this.#name(STEP_STARTS))
      }
      parts.set(`/events/${branches.length - 1}`, this.#spanFrom(start))
      parts.set(`/branches/${branches.length - 1}`, this.#spanFrom(start))
    } while (this.#take('or'))
    return branches
  }

  #until(parts: Map<string, Span>): EventName | undefined {
    if (!this.#take('until')) return undefined
    parts.set('/quantifier/until', this.#token)
    return this.#name()
  }

  #counts(): { readonly min: number; readonly max?: number } | undefined {
    const token = this.#token
    if (this.#take('at')) {
      if (this.#at('most')) {
        refuse(
          'sentence-syntax',
          this.#token,
          'A count needs a lower end.',
          'write `between 1 and 5 x`, or `optional between 1 and 5 x`',
        )
      }
      this.#expect('least')
      return { min: this.#count() }
    }
    if (this.#take('exactly')) {
      const count = this.#count()
      return { min: count, max: count }
    }
    if (this.#take('between')) {
      const min = this.#count()
      this.#expect('and')
      return { min, max: this.#count() }
    }
    if (this.#take('one')) {
      this.#expect('or')
      this.#expect('more')
      return { min: 1 }
    }
    if (token.kind === 'amount') {
      const hint = `write \`exactly ${token.text}\` or \`at least ${token.text}\``
      refuse(
        'sentence-syntax',
        token,
        `A bare number does not say whether more than ${token.text} are allowed.`,
        hint,
      )
    }
    return undefined
  }

  #count(): number {
    const token = this.#token
    const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
    const spelled = token.kind === 'word' ? words.indexOf(token.text.toLowerCase()) : -1
    if (spelled >= 0) refuse('bad-count', token, 'Counts are written in digits.', `write ${spelled}`)
    if (token.kind !== 'amount') this.#unexpected(['<a count such as 3>'])
    if (!/^\d{1,9}$/.test(token.text)) {
      refuse('bad-count', token, `\`${token.text}\` is not a count.`, 'write a whole number such as 3')
    }
    const count = Number(token.text)
    if (count === 0) {
      refuse(
        'bad-count',
        token,
        'A step takes at least one event.',
        'write `optional` for a step that may be missing: `optional between 1 and 5 x`',
      )
    }
    this.#next += 1
    return count
  }

  #nameList(part: string, parts: Map<string, Span>): readonly EventName[] {
    const names: EventName[] = []
    do {
      parts.set(`/${part}/${names.length}`, this.#token)
      names.push(this.#name())
    } while (this.#take('or'))
    if (this.#at(',', 'and')) {
      refuse(
        'sentence-operator',
        this.#token,
        `\`${this.#token.text}\` cannot join these names.`,
        'write `or` between them',
      )
    }
    return names
  }

  #name(allowed: readonly string[] = ['<an event name>']): EventName {
    const token = this.#token
    if (token.kind !== 'word' || isSentenceWord(token.text)) this.#unexpected(allowed)
    if (!/^[A-Za-z_]\w*$/.test(token.text)) {
      const bare = token.text.replaceAll(/[`$]/g, '').replaceAll(/[-.]/g, '_')
      const hint = `event names have letters, digits and \`_\`: \`${bare}\``
      refuse('sentence-syntax', token, `\`${token.text}\` cannot be an event name.`, hint)
    }
    // Two names in a row: the first may be a misspelled word of the language (`optinal a`, `exacly 3 a`).
    if (!this.#names.includes(token.text) && this.#startsName(this.#peek(1))) {
      const meant = nearest(
        token.text,
        allowed.flatMap((item) => (item.startsWith('<') ? [] : item.split(' '))),
      )
      if (meant !== undefined) this.#unexpected(allowed)
    }
    this.#next += 1
    return token.text
  }

  #startsName(token: Token): boolean {
    return token.kind === 'amount' || (token.kind === 'word' && !isSentenceWord(token.text))
  }

  #duration(): DurationMs {
    const start = this.#next
    const iso = this.#token.kind === 'word' ? parseIsoDuration(this.#token.text) : undefined
    let sum = iso ?? 0
    if (iso !== undefined) {
      this.#next += 1
    } else {
      if (this.#token.kind !== 'amount') this.#refuseDuration()
      while (this.#token.kind === 'amount') sum += this.#amount()
    }
    const span = this.#spanFrom(start)
    const whole = Math.round(sum)
    if (Math.abs(whole - sum) > 1e-6) {
      refuse(
        'bad-duration',
        span,
        'The duration is not a whole number of milliseconds.',
        'write it in a smaller unit',
      )
    }
    if (whole === 0)
      refuse('bad-duration', span, 'Nothing fits into a time of 0.', 'write for example `5 minutes`')
    if (whole > DURATION_MAX_MS) {
      refuse('bad-duration', span, 'The duration is longer than ten years.', 'write a shorter one')
    }
    return durationMs(whole)
  }

  #refuseDuration(): never {
    const { text } = this.#token
    const hint = 'durations are `5 minutes`, `5m`, `1h30m` or `PT5M`'
    if (/^an?$|^one$/.test(text))
      refuse('bad-duration', this.#token, `\`${text}\` is not a number.`, 'write `1`, as in `1 hour`')
    if (unitMs(text) !== undefined) {
      refuse('bad-duration', this.#token, 'The number is missing.', `write \`1 ${text}\` or another number`)
    }
    const what =
      this.#token.kind === 'end'
        ? 'The sentence ends where a duration is expected.'
        : `\`${text}\` is not a duration.`
    refuse('bad-duration', this.#token, what, hint)
  }

  /** One amount with its units: `5 minutes`, or compact as in `1h30m`. */
  #amount(): number {
    const token = this.#token
    this.#next += 1
    if (/^\d+(?:\.\d+)?$/.test(token.text)) {
      const unit = this.#token
      const size = unit.kind === 'word' ? unitMs(unit.text) : undefined
      if (size === undefined) this.#refuseUnit(unit, token)
      this.#next += 1
      return Number(token.text) * size
    }
    let sum = 0
    let rest = token.text
    while (rest !== '') {
      const part = /^(\d+(?:\.\d+)?)([A-Za-z]+)/.exec(rest)
      const size = part ? unitMs(part[2] ?? '') : undefined
      if (!part || size === undefined) this.#refuseUnit({ ...token, text: part?.[2] ?? rest }, token)
      sum += Number(part[1]) * size
      rest = rest.slice(part[0].length)
    }
    return sum
  }

  #refuseUnit(unit: Token, amount: Token): never {
    const units = 'units are milliseconds, seconds, minutes, hours, days and weeks (ms, s, m, h, d, w)'
    const lower = unit.text.toLowerCase()
    if (lower.startsWith('month') || lower.startsWith('year')) {
      const hint = `write days: \`${lower.startsWith('year') ? 365 : 30} days\``
      refuse('bad-duration', unit, `A ${lower.replace(/s$/, '')} has no fixed length.`, hint)
    }
    if (unit.kind !== 'word' && unit === this.#token) {
      refuse(
        'bad-duration',
        amount,
        `\`${amount.text}\` has no unit.`,
        `write for example \`${amount.text} minutes\`; ${units}`,
      )
    }
    const meant = nearest(unit.text, [...UNIT_WORDS, ...unitSpellings()])
    const hint = meant === undefined ? units : `did you mean \`${meant}\`?`
    refuse('bad-duration', unit, `\`${unit.text}\` is not a unit of time.`, hint)
  }
}

const END: Token = { kind: 'end', text: '', offset: 0, length: 1 }

interface Quantify {
  readonly count: { readonly min: number; readonly max?: number } | undefined
  readonly optional: boolean
  readonly greedy: boolean
  readonly until: EventName | undefined
}

function quantify({ count, optional, greedy, until }: Quantify): Quantifier | undefined {
  if (!count && !optional && until === undefined) return undefined
  return {
    ...(count ?? { min: 1, max: 1 }),
    ...(optional ? { optional } : {}),
    ...(count && greedy ? { greedy } : {}),
    ...(until === undefined ? {} : { until }),
  }
}
