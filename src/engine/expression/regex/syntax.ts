import {
  type CharacterSet,
  complement,
  DIGITS,
  LINE_ENDS,
  SPACE,
  union,
  WORD,
  withCases,
} from './character-set.ts'

/** A regular expression as the host reads it without the `u` flag; case is already in the sets. */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'edge'; readonly text: '^' | '$' | '\\b' | '\\B' }
  | { readonly kind: 'group'; readonly captures: boolean; readonly body: RegexNode }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly RegexNode[] }
  | {
      readonly kind: 'repeat'
      readonly body: RegexNode
      readonly min: number
      readonly max: number
      readonly lazy: boolean
    }

/** Thrown at look-around and references, which cannot be bounded. */
export class Unsupported extends Error {}

/** `source` must be one that the host accepts. Throws Unsupported. */
export function readRegex(source: string, ignoreCase: boolean): RegexNode {
  return new RegexReader(source, ignoreCase).read()
}

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

const SETS: Readonly<Record<string, CharacterSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}

const ANY = complement(LINE_ENDS)
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})(\??)/
const MARKS = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\((?!\?)|\(\?<(?![=!])/g

class RegexReader {
  readonly #source: string
  readonly #ignoreCase: boolean
  readonly #groups: number
  readonly #named: boolean
  #at = 0

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source
    this.#ignoreCase = ignoreCase
    const opened = [...source.matchAll(MARKS)].filter(([mark]) => mark.startsWith('('))
    this.#groups = opened.length
    this.#named = opened.some(([mark]) => mark !== '(')
  }

  read(): RegexNode {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw new Unsupported()
    return node
  }

  #choice(): RegexNode {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    return branches.length === 1 ? (branches[0] as RegexNode) : { kind: 'choice', branches }
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = []
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] as string))
      items.push(this.#quantified())
    return { kind: 'sequence', items }
  }

  #quantified(): RegexNode {
    const body = this.#atom()
    const found = QUANTIFIER.exec(this.#source.slice(this.#at))
    if (found === null) return body
    this.#at += found[0].length
    const lazy = found[4] === '?'
    const { min, max } = amounts(found)
    return { kind: 'repeat', body, min, max, lazy }
  }

  #atom(): RegexNode {
    if (this.#take('^')) return { kind: 'edge', text: '^' }
    if (this.#take('$')) return { kind: 'edge', text: '$' }
    if (this.#take('(')) return this.#group()
    if (this.#take('.')) return { kind: 'set', set: ANY }
    if (this.#take('[')) return this.#class()
    if (this.#take('\\b')) return { kind: 'edge', text: '\\b' }
    if (this.#take('\\B')) return { kind: 'edge', text: '\\B' }
    return { kind: 'set', set: this.#cased(this.#character(false)) }
  }

  #group(): RegexNode {
    let captures = true
    if (this.#take('?:')) captures = false
    else if (this.#source[this.#at] === '?') {
      const name = /^\?<[^>=!]+>/.exec(this.#source.slice(this.#at))
      if (name === null) throw new Unsupported()
      this.#at += name[0].length
    }
    const body = this.#choice()
    if (!this.#take(')')) throw new Unsupported()
    return { kind: 'group', captures, body }
  }

  #class(): RegexNode {
    const negated = this.#take('^')
    const parts: CharacterSet[] = []
    while (!this.#take(']')) {
      if (this.#at >= this.#source.length) throw new Unsupported()
      const first = this.#character(true)
      const [from] = first
      if (!this.#atRange() || !isSingle(first) || from === undefined) {
        parts.push(first)
        continue
      }
      this.#at++
      const last = this.#character(true)
      const [to] = last
      if (isSingle(last) && to !== undefined) parts.push([[from[0], to[0]]])
      else parts.push(first, last, [[0x2d, 0x2d]])
    }
    const set = this.#cased(union(parts))
    return { kind: 'set', set: negated ? complement(set) : set }
  }

  #atRange(): boolean {
    const next = this.#source[this.#at + 1]
    return this.#source[this.#at] === '-' && next !== ']' && next !== undefined
  }

  #cased(set: CharacterSet): CharacterSet {
    return this.#ignoreCase ? withCases(set) : set
  }

  /** One character, or the set that an escape names. */
  #character(inClass: boolean): CharacterSet {
    if (!this.#take('\\')) return this.#literal()
    const letter = this.#source[this.#at] as string
    const named = SETS[letter]
    if (named !== undefined) {
      this.#at++
      return named
    }
    if (inClass && this.#take('b')) return single(8)
    const control = CONTROLS[letter]
    if (control !== undefined) {
      this.#at++
      return single(control)
    }
    if (letter === 'c') return this.#control(inClass)
    if (letter === 'k' && this.#named) throw new Unsupported()
    return this.#number(inClass) ?? this.#literal()
  }

  #control(inClass: boolean): CharacterSet {
    const found = (inClass ? /^c([A-Za-z0-9_])/ : /^c([A-Za-z])/).exec(this.#source.slice(this.#at))
    // `\c` before anything else is a backslash, and the `c` is read next.
    if (found === null) return single(0x5c)
    this.#at += 2
    return single((found[1] as string).charCodeAt(0) % 32)
  }

  /** `\x41`, `\u0041`, `\101`; without the digits they are plain letters. */
  #number(inClass: boolean): CharacterSet | undefined {
    const rest = this.#source.slice(this.#at, this.#at + 12)
    const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/.exec(rest)
    if (hex !== null) {
      this.#at += hex[0].length
      return single(Number.parseInt(hex[1] ?? (hex[2] as string), 16))
    }
    const decimal = /^[1-9]\d*/.exec(rest)
    if (!inClass && decimal !== null && Number(decimal[0]) <= this.#groups) throw new Unsupported()
    const octal = /^(?:[0-3][0-7]{0,2}|[4-7][0-7]?)/.exec(rest)
    if (octal === null) return undefined
    this.#at += octal[0].length
    return single(Number.parseInt(octal[0], 8))
  }

  #literal(): CharacterSet {
    const code = this.#source.codePointAt(this.#at)
    if (code === undefined) throw new Unsupported()
    this.#at += code > 0xffff ? 2 : 1
    return single(code)
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }
}

const single = (code: number): CharacterSet => [[code, code]]

const isSingle = (set: CharacterSet): boolean => set.length === 1 && set[0]?.[0] === set[0]?.[1]

function amounts([text, low, comma, high]: RegExpExecArray): { min: number; max: number } {
  if (low === undefined)
    return { min: text.startsWith('+') ? 1 : 0, max: text.startsWith('?') ? 1 : Number.POSITIVE_INFINITY }
  const min = Number(low)
  if (comma === undefined) return { min, max: min }
  return { min, max: high === undefined || high === '' ? Number.POSITIVE_INFINITY : Number(high) }
}
