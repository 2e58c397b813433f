const GRAM = 3
const BUCKET_BITS = 15
const BUCKETS = 1 << BUCKET_BITS
/** An odd number that mixes the bits of three characters upwards. */
const SPREAD = 0x9e3779b1
/** Up to so many texts are looked for one by one. */
const PLAIN_MAX = 4
/** Makes lower-case letters of upper-case ones; what it makes of other characters only has to be the same each time. */
const FOLD = 32

interface Sought<T> {
  readonly text: string
  /** Found in any case; the text itself is lower-case. */
  readonly anyCase: boolean
  readonly item: T
  /** Where in the text the three characters stand that it is found by. */
  offset: number
  /** Times that the three characters were met and the text was not, and the search when counting began. */
  misses: number
  since: number
  /** What was learnt of other places: misses per search. */
  readonly rates: Map<number, number>
}

/** A text is moved to others of its characters when those it is filed under are met in vain this often … */
const MISSES_MAX = 32
/** … and more often than once in so many searches for each text of the table: all of them together are what a search costs. */
const SEARCHES_PER_MISS = 8

export interface TextVisitor<T> {
  /** The text is there; of one that occurs several times this may be said several times. */
  found(item: T): void
  /** A text sought in any case, and letters beyond ASCII: who knows. */
  unsure(item: T): void
}

/**
 * Values by text, found by a longer text that contains theirs: every text is filed under three of its characters in a row, and a
 * search looks at every three characters in a row of what it is given. Which three is learnt: those that few texts share at first,
 * then those that searches seldom meet in vain. Adding and removing cost the text alone.
 */
export class TextTable<T> {
  readonly #exact = new Map<string, Sought<T>>()
  readonly #anyCase = new Map<string, Sought<T>>()
  #buckets: Map<number, Sought<T>[]> | undefined
  /** One bit for each bucket that holds something: nearly all of a search is asking these, and they fit the fastest cache. */
  #filled = new Int32Array(0)
  readonly #short: Sought<T>[] = []
  #searches = 0
  readonly #restless: Sought<T>[] = []

  get size(): number {
    return this.#exact.size + this.#anyCase.size
  }

  get(text: string, anyCase: boolean): T | undefined {
    return this.#by(anyCase).get(text)?.item
  }

  *values(): Iterable<T> {
    for (const { item } of this.#exact.values()) yield item
    for (const { item } of this.#anyCase.values()) yield item
  }

  add(text: string, anyCase: boolean, item: T): void {
    const sought = { text, anyCase, item, offset: 0, misses: 0, since: this.#searches, rates: new Map() }
    this.#by(anyCase).set(text, sought)
    if (this.#buckets !== undefined) this.#file(this.#buckets, sought)
    else if (this.size > PLAIN_MAX) this.#index()
  }

  delete(text: string, anyCase: boolean): void {
    const sought = this.#by(anyCase).get(text)
    if (sought === undefined) return
    this.#by(anyCase).delete(text)
    if (this.#buckets === undefined) return
    if (text.length < GRAM) {
      this.#short.splice(this.#short.indexOf(sought), 1)
      return
    }
    this.#unfile(this.#buckets, sought)
  }

  search(text: string, visitor: TextVisitor<T>): void {
    const buckets = this.#buckets
    if (buckets === undefined) {
      this.#searchPlain(text, visitor)
      return
    }
    if (this.#short.length > 0) for (const sought of this.#short) lookAll(sought, text, visitor)
    this.#searches++
    const filled = this.#filled
    const { length } = text
    let last = 0
    let seen = 0
    for (let at = 0; at < length; at++) {
      const character = text.charCodeAt(at)
      seen |= character
      last = (last << 8) | ((character | FOLD) & 255)
      const code = Math.imul(last << 8, SPREAD) >>> (32 - BUCKET_BITS)
      if (at < GRAM - 1 || ((filled[code >> 5] as number) & (1 << (code & 31))) === 0) continue
      const bucket = buckets.get(code) as Sought<T>[]
      for (let index = 0; index < bucket.length; index++) {
        const sought = bucket[index] as Sought<T>
        const start = at - (GRAM - 1) - sought.offset
        if (start >= 0 && look(sought, text, start)) visitor.found(sought.item)
        else if (++sought.misses === MISSES_MAX) this.#restless.push(sought)
      }
    }
    // Not before the end: what moves in the middle of a search could be passed by.
    if (this.#restless.length > 0)
      for (const sought of this.#restless.splice(0)) this.#refile(buckets, sought)
    if (seen > 127) for (const { item } of this.#anyCase.values()) visitor.unsure(item)
  }

  #searchPlain(text: string, visitor: TextVisitor<T>): void {
    for (const sought of this.#exact.values()) lookAll(sought, text, visitor)
    if (this.#anyCase.size === 0) return
    const isPlain = isAscii(text)
    for (const sought of this.#anyCase.values()) {
      if (isPlain) lookAll(sought, text, visitor)
      else visitor.unsure(sought.item)
    }
  }

  #by(anyCase: boolean): Map<string, Sought<T>> {
    return anyCase ? this.#anyCase : this.#exact
  }

  #index(): void {
    const buckets = new Map<number, Sought<T>[]>()
    this.#buckets = buckets
    this.#filled = new Int32Array(BUCKETS / 32)
    for (const sought of this.#exact.values()) this.#file(buckets, sought)
    for (const sought of this.#anyCase.values()) this.#file(buckets, sought)
  }

  #file(buckets: Map<number, Sought<T>[]>, sought: Sought<T>): void {
    const { text } = sought
    if (text.length < GRAM) {
      this.#short.push(sought)
      return
    }
    let least = Number.POSITIVE_INFINITY
    for (let offset = 0; offset + GRAM <= text.length; offset++) {
      // What was met in vain before is worse than what was not tried, whoever shares it.
      const size = buckets.get(gram(text, offset))?.length ?? 0
      const cost = size + 1e6 * (sought.rates.get(offset) ?? 0)
      if (cost >= least) continue
      sought.offset = offset
      least = cost
    }
    const place = gram(text, sought.offset)
    const bucket = buckets.get(place) ?? []
    bucket.push(sought)
    buckets.set(place, bucket)
    this.#filled[place >> 5] = (this.#filled[place >> 5] as number) | (1 << (place & 31))
  }

  #unfile(buckets: Map<number, Sought<T>[]>, sought: Sought<T>): void {
    const place = gram(sought.text, sought.offset)
    const bucket = buckets.get(place) ?? []
    bucket.splice(bucket.indexOf(sought), 1)
    if (bucket.length > 0) return
    buckets.delete(place)
    this.#filled[place >> 5] = (this.#filled[place >> 5] as number) & ~(1 << (place & 31))
  }

  /** Files a text under other characters when these are met in vain too often. */
  #refile(buckets: Map<number, Sought<T>[]>, sought: Sought<T>): void {
    const searches = this.#searches - sought.since
    sought.misses = 0
    sought.since = this.#searches
    if (searches > MISSES_MAX * SEARCHES_PER_MISS * this.size) return
    sought.rates.set(sought.offset, MISSES_MAX / Math.max(1, searches))
    // Every place was tried and this is the best of them: leave it there.
    if (sought.rates.size > sought.text.length - GRAM + 1) return
    this.#unfile(buckets, sought)
    this.#file(buckets, sought)
  }
}

/** As `search` computes it while it goes: each character shifts the others out by eight bits. */
const gram = (text: string, at: number): number => {
  const last = (folded(text, at) << 16) | (folded(text, at + 1) << 8) | folded(text, at + 2)
  return Math.imul(last << 8, SPREAD) >>> (32 - BUCKET_BITS)
}

const folded = (text: string, at: number): number => (text.charCodeAt(at) | FOLD) & 255

/** Most looks are in vain, and most of those end at the first character: cheaper so than by asking for a comparison of texts. */
function look<T>({ text: wanted, anyCase }: Sought<T>, text: string, start: number): boolean {
  const { length } = wanted
  if (start + length > text.length) return false
  for (let index = 0; index < length; index++) {
    const character = text.charCodeAt(start + index)
    const sought = wanted.charCodeAt(index)
    if (character === sought) continue
    // Beyond ASCII is said to be unsure.
    if (!anyCase || (character | FOLD) !== sought || character < UPPER_A || character > UPPER_Z) return false
  }
  return true
}

const UPPER_A = 65
const UPPER_Z = 90

function lookAll<T>(sought: Sought<T>, text: string, visitor: TextVisitor<T>): void {
  if ((sought.anyCase ? text.toLowerCase() : text).includes(sought.text)) visitor.found(sought.item)
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
