import {
  type AbsenceStep,
  type Contiguity,
  type DurationMs,
  type EventName,
  nearest,
  type Pattern,
  type PatternStep,
  type Quantifier,
} from '../model/index.ts'
import type { Span, Token } from './scan.ts'
import { type Count, readCount, readCounts, readDuration } from './sentence-amounts.ts'
import { refuse } from './sentence-trouble.ts'
import { TokenCursor } from './token-cursor.ts'
import { isSentenceWord } from './words.ts'

const NESTING_MAX = 16

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
export class SentenceParser {
  readonly #cursor: TokenCursor
  /** Spans of patterns and steps; parts by their pointer below the object. */
  readonly #spans = new Map<object, Map<string, Span>>()
  #depth = 0

  constructor(tokens: readonly Token[], names: readonly string[]) {
    this.#cursor = new TokenCursor(tokens, names)
  }

  whole(): Pattern {
    if (this.#cursor.token.kind === 'end') {
      refuse(
        'empty-pattern',
        this.#cursor.token,
        'The sentence is empty.',
        'write for example `a followed by b within 5 minutes`',
      )
    }
    const pattern = this.#pattern()
    if (this.#cursor.at(')'))
      refuse('sentence-syntax', this.#cursor.token, 'This `)` closes nothing.', 'remove it, or add the `(`')
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

  #pattern(): Pattern {
    const start = this.#cursor.next
    const parts = new Map<string, Span>()
    const steps: PatternStep[] = [this.#step({ contiguity: 'relaxed' })]
    let closed = false
    while (!closed && this.#cursor.at('followed', 'immediately', 'not')) {
      const step = this.#follow()
      steps.push(step)
      closed = step.kind === 'absence' && this.#saidNot
    }
    const without = this.#cursor.at('without') ? this.#without(parts) : undefined
    const limit = this.#cursor.at('within') ? this.#within(parts) : undefined
    this.#checkEnd(closed, without !== undefined, limit !== undefined)
    const pattern: Pattern = {
      steps,
      ...(limit === undefined ? {} : { withinMs: limit }),
      ...(without === undefined ? {} : { without }),
    }
    parts.set('', this.#cursor.spanFrom(start))
    this.#spans.set(pattern, parts)
    return pattern
  }

  #saidNot = false

  #without(parts: Map<string, Span>): readonly EventName[] {
    const start = this.#cursor.next
    this.#cursor.expect('without')
    const names = this.#cursor.nameList('without', parts)
    parts.set('/without', this.#cursor.spanFrom(start))
    return names
  }

  #within(parts: Map<string, Span>): DurationMs {
    const start = this.#cursor.next
    this.#cursor.expect('within')
    const limit = readDuration(this.#cursor)
    parts.set('/withinMs', this.#cursor.spanFrom(start))
    return limit
  }

  /** What may follow a complete pattern, and what people write there instead. */
  #checkEnd(closed: boolean, hasWithout: boolean, hasWithin: boolean): void {
    const token = this.#cursor.token
    if (token.kind === 'end') {
      if (this.#depth > 0) refuse('sentence-syntax', token, 'A `)` is missing.', 'close the parenthesis')
      return
    }
    if (this.#cursor.at(')')) return
    if (this.#cursor.at('followed', 'immediately', 'not')) this.#refuseFollow(closed, hasWithout)
    if (hasWithin && this.#cursor.at('without')) {
      const hint = 'put `without …` before `within …`'
      refuse('without-after-within', token, '`within` is the last part of a sentence.', hint)
    }
    if (hasWithin && this.#cursor.at('within')) {
      refuse(
        'sentence-syntax',
        token,
        'The sentence has two time limits.',
        'keep one; a limit on one hop is `followed within 5 minutes by b`',
      )
    }
    const ends = ['<the end of the sentence>', ...(this.#depth > 0 ? [')'] : [])]
    if (hasWithin) this.#cursor.unexpected(ends)
    if (hasWithout) this.#cursor.unexpected(['within', 'or', ...ends])
    if (closed) this.#cursor.unexpected(['or', 'without', 'within', ...ends])
    if (this.#cursor.at(',', 'and')) {
      const hint =
        '`all of a, b` takes events in any order; `a or b` takes one of them; `a followed by b` takes them in this order'
      refuse(
        'sentence-operator',
        token,
        `\`${token.text}\` can only stand in \`all of a, b\` and \`at least 2 of a, b, c\`.`,
        hint,
      )
    }
    this.#cursor.unexpected([...FOLLOWS, 'or', 'until', 'without', 'within', ...ends])
  }

  #refuseFollow(closed: boolean, hasWithout: boolean): never {
    const token = this.#cursor.token
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
    const start = this.#cursor.next
    this.#saidNot = false
    if (this.#cursor.take('not')) return this.#notFollowed(start)
    const strict = this.#cursor.take('immediately')
    this.#cursor.expect('followed')
    const hopStart = this.#cursor.next
    const hopMs = this.#hop()
    const hopSpan = this.#cursor.spanFrom(hopStart)
    this.#by()
    if (this.#cursor.at('no')) return this.#followedByNo(start, strict, hopMs !== undefined)
    const any = this.#cursor.at('any')
    if (any && strict) {
      refuse(
        'sentence-syntax',
        this.#cursor.token,
        '`immediately` leaves no choice: `any` cannot stand here.',
        'remove `any`',
      )
    }
    if (any) this.#cursor.next += 1
    const contiguity = strict ? 'strict' : any ? 'non-deterministic-relaxed' : 'relaxed'
    const step = this.#step({ contiguity, ...(hopMs === undefined ? {} : { hopMs }) })
    if (hopMs !== undefined) this.#spans.get(step)?.set('/hopMs', hopSpan)
    return step
  }

  #hop(): DurationMs | undefined {
    return this.#cursor.take('within') ? readDuration(this.#cursor) : undefined
  }

  #by(): void {
    if (this.#cursor.take('by')) return
    const token = this.#cursor.token
    const named = token.kind === 'word' && this.#cursor.names.includes(token.text)
    const stranger =
      token.kind === 'word' &&
      !isSentenceWord(token.text) &&
      nearest(token.text, ['by', 'within']) === undefined
    if (named || stranger || this.#cursor.at('(')) {
      refuse('sentence-missing-word', token, '`by` is missing here.', `write \`followed by ${token.text}\``)
    }
    this.#cursor.unexpected(['by', 'within'])
  }

  #followedByNo(start: number, strict: boolean, hasHop: boolean): AbsenceStep {
    const token = this.#cursor.token
    if (strict || hasHop) {
      const hint = 'write `followed by no x for 5 minutes`; the structural form says more'
      refuse(
        'sentence-syntax',
        token,
        `\`no\` cannot follow ${strict ? '`immediately followed by`' : 'a limit of its own'}.`,
        hint,
      )
    }
    this.#cursor.next += 1
    const parts = new Map<string, Span>()
    const events = this.#cursor.nameList('events', parts)
    if (!this.#cursor.take('for')) {
      if (this.#cursor.at('within')) {
        refuse(
          'sentence-syntax',
          this.#cursor.token,
          '`no` needs a time of its own.',
          'write `for` instead of `within`',
        )
      }
      this.#cursor.unexpected(['for', 'or'])
    }
    const forMs = readDuration(this.#cursor)
    parts.set('', this.#cursor.spanFrom(start))
    const step: AbsenceStep = { kind: 'absence', events, contiguity: 'relaxed', forMs }
    this.#spans.set(step, parts)
    return step
  }

  #notFollowed(start: number): AbsenceStep {
    if (this.#cursor.at('immediately')) {
      const hint = 'write it in the structural form: an absence with `contiguity: strict`'
      refuse(
        'sentence-syntax',
        this.#cursor.token,
        'A sentence cannot say `not immediately followed by`.',
        hint,
      )
    }
    this.#cursor.expect('followed')
    const forMs = this.#hop()
    this.#by()
    const parts = new Map<string, Span>()
    const events = this.#cursor.nameList('events', parts)
    parts.set('', this.#cursor.spanFrom(start))
    const limit = forMs === undefined ? {} : { forMs }
    const step: AbsenceStep = { kind: 'absence', events, contiguity: 'relaxed', ...limit }
    this.#spans.set(step, parts)
    this.#saidNot = true
    return step
  }

  #step(follow: Follow): PatternStep {
    const start = this.#cursor.next
    const parts = new Map<string, Span>()
    const optional = this.#cursor.take('optional')
    const step = this.#anyOrder(follow, optional, parts) ?? this.#countedStep(follow, optional, parts)
    parts.set('', this.#cursor.spanFrom(start))
    this.#spans.set(step, parts)
    // A nested pattern may have ended in `not followed by`; this step has not.
    this.#saidNot = false
    return step
  }

  #anyOrder(follow: Follow, optional: boolean, parts: Map<string, Span>): PatternStep | undefined {
    const start = this.#cursor.next
    let atLeast: number | undefined
    if (this.#cursor.take('all')) {
      this.#cursor.expect('of')
    } else if (
      this.#cursor.at('at') &&
      this.#cursor.peek(1).text === 'least' &&
      this.#cursor.peek(3).text === 'of'
    ) {
      this.#cursor.next += 2
      atLeast = readCount(this.#cursor)
      this.#cursor.expect('of')
    } else {
      return undefined
    }
    const members: EventName[] = []
    do {
      parts.set(`/members/${members.length}`, this.#cursor.token)
      members.push(this.#cursor.name())
    } while (this.#cursor.take(',') || this.#cursor.take('and'))
    parts.set('/members', this.#cursor.spanFrom(start))
    parts.set('/atLeast', this.#cursor.spanFrom(start))
    const some = atLeast === undefined || atLeast === members.length ? {} : { atLeast }
    const quantifier = optional ? { quantifier: { min: 1, max: 1, optional } } : {}
    return { kind: 'any-order', ...follow, members, ...some, ...quantifier }
  }

  #countedStep(follow: Follow, optional: boolean, parts: Map<string, Span>): PatternStep {
    const start = this.#cursor.next
    const count = readCounts(this.#cursor)
    if (count) parts.set('/quantifier', this.#cursor.spanFrom(start))
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
      const start = this.#cursor.next
      if (this.#cursor.take('(')) {
        this.#depth += 1
        if (this.#depth > NESTING_MAX) {
          refuse(
            'sentence-too-long',
            this.#cursor.token,
            `Parentheses are nested deeper than ${NESTING_MAX}.`,
          )
        }
        if (this.#cursor.at(')'))
          refuse(
            'empty-pattern',
            this.#cursor.token,
            'The parentheses are empty.',
            'write a step in them, or remove them',
          )
        const inner = this.#pattern()
        this.#cursor.expect(')')
        this.#depth -= 1
        branches.push(inner)
      } else {
        branches.push(this.#cursor.name(STEP_STARTS))
      }
      parts.set(`/events/${branches.length - 1}`, this.#cursor.spanFrom(start))
      parts.set(`/branches/${branches.length - 1}`, this.#cursor.spanFrom(start))
    } while (this.#cursor.take('or'))
    return branches
  }

  #until(parts: Map<string, Span>): EventName | undefined {
    if (!this.#cursor.take('until')) return undefined
    parts.set('/quantifier/until', this.#cursor.token)
    return this.#cursor.name()
  }
}

interface Quantify {
  readonly count: Count | undefined
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
