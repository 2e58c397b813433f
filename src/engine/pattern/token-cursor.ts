import { type EventName, nearest } from '../model/index.ts'
import type { Span, Token } from './scan.ts'
import { refuse, unexpected } from './sentence-trouble.ts'
import { isSentenceWord } from './words.ts'

const END: Token = { kind: 'end', text: '', offset: 0, length: 1 }

/** A place in the tokens of a sentence, with one token of lookahead. Refuses by throwing a SentenceTrouble. */
export class TokenCursor {
  readonly names: readonly string[]
  /** Index of the token at hand. */
  next = 0
  readonly #tokens: readonly Token[]

  constructor(tokens: readonly Token[], names: readonly string[]) {
    this.#tokens = tokens
    this.names = names
  }

  /** The token at hand; the end again and again behind the last one. */
  get token(): Token {
    return this.#tokens[Math.min(this.next, this.#tokens.length - 1)] ?? END
  }

  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.next + ahead, this.#tokens.length - 1)] ?? END
  }

  at(...texts: readonly string[]): boolean {
    const { kind, text } = this.token
    return (kind === 'word' || kind === 'mark') && texts.includes(text)
  }

  take(text: string): boolean {
    if (!this.at(text)) return false
    this.next += 1
    return true
  }

  expect(text: string, ...others: readonly string[]): void {
    if (!this.take(text)) this.unexpected([text, ...others])
  }

  unexpected(allowed: readonly string[]): never {
    return unexpected(this.token, allowed, this.names)
  }

  /** From the token at `start` to the last one taken. */
  spanFrom(start: number): Span {
    const first = this.#tokens[start] ?? END
    const last = this.#tokens[Math.max(start, this.next - 1)] ?? first
    return { offset: first.offset, length: last.offset + last.length - first.offset }
  }

  /** `a or b`; the span of each goes into `parts` as `/part/N`. */
  nameList(part: string, parts: Map<string, Span>): readonly EventName[] {
    const names: EventName[] = []
    do {
      parts.set(`/${part}/${names.length}`, this.token)
      names.push(this.name())
    } while (this.take('or'))
    if (this.at(',', 'and')) {
      refuse(
        'sentence-operator',
        this.token,
        `\`${this.token.text}\` cannot join these names.`,
        'write `or` between them',
      )
    }
    return names
  }

  /** One event name; `allowed` is what could stand there besides. */
  name(allowed: readonly string[] = ['<an event name>']): EventName {
    const token = this.token
    if (token.kind !== 'word' || isSentenceWord(token.text)) this.unexpected(allowed)
    if (!/^[A-Za-z_]\w*$/.test(token.text)) {
      const bare = token.text.replaceAll(/[`$]/g, '').replaceAll(/[-.]/g, '_')
      const hint = `event names have letters, digits and \`_\`: \`${bare}\``
      refuse('sentence-syntax', token, `\`${token.text}\` cannot be an event name.`, hint)
    }
    // Two names in a row: the first may be a misspelled word of the language (`optinal a`, `exacly 3 a`).
    if (!this.names.includes(token.text) && this.#startsName(this.peek(1))) {
      const meant = nearest(
        token.text,
        allowed.flatMap((item) => (item.startsWith('<') ? [] : item.split(' '))),
      )
      if (meant !== undefined) this.unexpected(allowed)
    }
    this.next += 1
    return token.text
  }

  #startsName(token: Token): boolean {
    return token.kind === 'amount' || (token.kind === 'word' && !isSentenceWord(token.text))
  }
}
