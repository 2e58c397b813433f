import { RE2JS } from 're2js'
import { isLinear } from './linear.ts'

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
}

const SOURCE_MAX = 1_000

class NativeRegex implements LinearRegex {
  readonly #finder: RegExp
  readonly #tester: RegExp

  constructor(source: string, flags: string) {
    this.#finder = new RegExp(source, `${flags}g`)
    this.#tester = new RegExp(source, flags)
  }

  find(text: string, from: number): Found | undefined {
    this.#finder.lastIndex = from
    const match = this.#finder.exec(text)
    return match === null ? undefined : { text: match[0], start: match.index, groups: match.slice(1) }
  }

  test(text: string): boolean {
    return this.#tester.test(text)
  }
}

class Re2Regex implements LinearRegex {
  readonly #pattern: RE2JS

  constructor(source: string, flags: string) {
    const bits =
      (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (flags.includes('m') ? RE2JS.MULTILINE : 0)
    this.#pattern = RE2JS.compile(RE2JS.translateRegExp(source), bits)
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
    return this.#pattern.matcher(text).find()
  }
}

/** Undefined when the source is outside RE2's syntax (references, lookaround), or too large. */
export function linearRegex(source: string, flags: string): LinearRegex | undefined {
  if (source.length > SOURCE_MAX) return undefined
  try {
    const kept = flags.replace(/[^im]/g, '')
    return isLinear(source) ? new NativeRegex(source, kept) : new Re2Regex(source, kept)
  } catch {
    return undefined
  }
}
