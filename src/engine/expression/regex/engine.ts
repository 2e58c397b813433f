import { RE2JS } from 're2js'
import { linearCost } from './linear.ts'
import { re2Source } from './re2-source.ts'
import { segmentTest } from './segments.ts'
import { readRegex } from './syntax.ts'

export interface Found {
  readonly text: string
  readonly start: number
  readonly groups: readonly (string | undefined)[]
}

/** A regular expression that needs linear time. */
export interface LinearRegex {
  find(text: string, from: number): Found | undefined
  /** Same as `find(text, 0) !== undefined`. */
  test(text: string): boolean
  /** Comparisons per character, at most. */
  readonly cost: number
  /** Whether a search may look at all of the text before it answers with a match near its start. */
  readonly looksAhead: boolean
  /** The host's expression that `test` asks, when it is the host. It keeps no state. */
  readonly native?: RegExp
}

const SOURCE_MAX = 1_000

class NativeRegex implements LinearRegex {
  readonly cost: number
  readonly looksAhead = false
  readonly #finder: RegExp
  readonly native: RegExp

  constructor(source: string, flags: string, cost: number) {
    this.cost = cost
    this.#finder = new RegExp(source, `${flags}g`)
    this.native = new RegExp(source, flags)
  }

  find(text: string, from: number): Found | undefined {
    this.#finder.lastIndex = from
    const match = this.#finder.exec(text)
    return match === null ? undefined : { text: match[0], start: match.index, groups: match.slice(1) }
  }

  test(text: string): boolean {
    return this.native.test(text)
  }
}

/** A step of RE2's machine costs about as much as this many of the host's comparisons. */
const RE2_COST = 16

class Re2Regex implements LinearRegex {
  readonly cost = RE2_COST
  readonly looksAhead = true
  readonly #pattern: RE2JS
  readonly #segments: ((text: string) => boolean | undefined) | undefined

  constructor(source: string, flags: string) {
    const re2 = re2Source(readRegex(source, flags.includes('i')))
    this.#pattern = RE2JS.compile(re2, flags.includes('m') ? RE2JS.MULTILINE : 0)
    this.#segments = segmentTest(source, flags)
  }

  find(text: string, from: number): Found | undefined {
    if (from > text.length) return undefined
    const matcher = this.#pattern.matcher(text)
    if (!matcher.find(from)) return undefined
    const groups: (string | undefined)[] = []
    for (let i = 1; i <= matcher.groupCount(); i++) groups.push(matcher.group(i) ?? undefined)
    return { text: matcher.group(0) ?? '', start: matcher.start(0), groups }
  }

  test(text: string): boolean {
    return this.#segments?.(text) ?? this.#pattern.test(text)
  }
}

/** Undefined when the source is outside RE2's syntax (references, lookaround), or too large. */
export function linearRegex(source: string, flags: string): LinearRegex | undefined {
  if (source.length > SOURCE_MAX) return undefined
  try {
    const kept = flags.replace(/[^im]/g, '')
    const cost = linearCost(source)
    return cost === undefined ? new Re2Regex(source, kept) : new NativeRegex(source, kept, cost)
  } catch {
    return undefined
  }
}
