/** Backtracking work per start position that a native regular expression may cause. */
const WORK_MAX = 400

interface Cost {
  /** Ways to match at one position, at most. */
  readonly ways: number
  /** Characters, at most. */
  readonly length: number
}

/**
 * Comparisons per character of the text that the host's backtracking engine needs at most for this source; undefined where they
 * cannot be bounded. Conservative: no references, no lookaround, no
 * repetition of groups but `?`, no unbounded repetition except one that ends the expression and, being anchored or alone, is tried
 * once; the number of ways to match is counted.
 */
export function linearCost(source: string): number | undefined {
  const parser = new LinearParser(source)
  const cost = parser.alternatives()
  if (cost === undefined || !parser.done) return undefined
  const work = cost.ways * cost.length
  return work <= WORK_MAX ? work : undefined
}

class LinearParser {
  readonly #source: string
  readonly #anchored: boolean
  #at = 0

  constructor(source: string) {
    this.#source = source
    this.#anchored = source.startsWith('^') && !source.includes('|')
  }

  get done(): boolean {
    return this.#at >= this.#source.length
  }

  alternatives(): Cost | undefined {
    let ways = 0
    let length = 0
    for (;;) {
      const branch = this.#sequence()
      if (branch === undefined) return undefined
      ways += branch.ways
      length = Math.max(length, branch.length)
      if (this.#source[this.#at] !== '|') return { ways, length }
      this.#at++
    }
  }

  #sequence(): Cost | undefined {
    let ways = 1
    let length = 1
    while (!this.done && this.#source[this.#at] !== '|' && this.#source[this.#at] !== ')') {
      const item = this.#item()
      if (item === undefined || ways > WORK_MAX || length > WORK_MAX) return undefined
      ways *= item.ways
      length += item.length
    }
    return { ways, length }
  }

  #item(): Cost | undefined {
    const grouped = this.#source[this.#at] === '('
    const atom = grouped ? this.#group() : this.#atom()
    if (atom === undefined) return undefined
    return this.#repeated(atom, grouped)
  }

  #repeated(atom: Cost, grouped: boolean): Cost | undefined {
    const rest = this.#source.slice(this.#at)
    if (rest.startsWith('?')) {
      this.#at++
      this.#lazy()
      return { ways: atom.ways + 1, length: atom.length }
    }
    if (rest.startsWith('*') || rest.startsWith('+')) {
      if (grouped || !this.#anchored) return undefined
      this.#at++
      this.#lazy()
      return this.done || this.#source.slice(this.#at) === '$' ? { ways: 1, length: 1 } : undefined
    }
    const bounds = /^\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/.exec(rest)
    if (bounds === null) return rest.startsWith('{') ? undefined : atom
    if (grouped || (bounds[2] !== undefined && bounds[3] === undefined)) return undefined
    this.#at += bounds[0].length
    this.#lazy()
    const low = Number(bounds[1])
    const high = bounds[3] === undefined ? low : Number(bounds[3])
    return { ways: high - low + 1, length: high }
  }

  #lazy(): void {
    if (this.#source[this.#at] === '?') this.#at++
  }

  #group(): Cost | undefined {
    this.#at++
    if (this.#source[this.#at] === '?') {
      if (this.#source[this.#at + 1] !== ':') return undefined
      this.#at += 2
    }
    const inner = this.alternatives()
    if (inner === undefined || this.#source[this.#at] !== ')') return undefined
    this.#at++
    return inner
  }

  #atom(): Cost | undefined {
    const character = this.#source[this.#at] as string
    if (character === '[') return this.#class()
    if (character === '\\') {
      const next = this.#source[this.#at + 1]
      if (next === undefined || !/[dDwWsSbBtnrfv.^$*+?()[\]{}|\\/\-"'@#%&,:;<>=!~`_ ]/.test(next))
        return undefined
      this.#at += 2
      return { ways: 1, length: 1 }
    }
    if ('*+?{})'.includes(character)) return undefined
    this.#at++
    return { ways: 1, length: 1 }
  }

  #class(): Cost | undefined {
    let at = this.#at + 1
    if (this.#source[at] === '^') at++
    while (at < this.#source.length && this.#source[at] !== ']') at += this.#source[at] === '\\' ? 2 : 1
    if (at >= this.#source.length) return undefined
    this.#at = at + 1
    return { ways: 1, length: 1 }
  }
}
