const GRAM = 3
const BUCKETS = 32_768
/** Up to so many texts are looked for one by one. */
const PLAIN_MAX = 6

interface Sought<T> {
  readonly text: string
  readonly item: T
  /** Where in the text the characters stand that it is found by. */
  readonly offset: number
}

/**
 * Values by text, found by a longer text that contains theirs: every text is filed under three of its characters in a row, the
 * rarest it has, and a search looks at every three characters in a row of what it is given. Adding and removing cost the text alone.
 */
export class TextTable<T> {
  readonly #items = new Map<string, T>()
  #buckets: Array<Sought<T>[] | undefined> | undefined
  readonly #short: Sought<T>[] = []

  get size(): number {
    return this.#items.size
  }

  get(text: string): T | undefined {
    return this.#items.get(text)
  }

  values(): IterableIterator<T> {
    return this.#items.values()
  }

  add(text: string, item: T): void {
    this.#items.set(text, item)
    if (this.#buckets !== undefined) this.#file(this.#buckets, text, item)
    else if (this.#items.size > PLAIN_MAX) {
      const buckets: Array<Sought<T>[] | undefined> = new Array(BUCKETS).fill(undefined)
      this.#buckets = buckets
      for (const [known, value] of this.#items) this.#file(buckets, known, value)
    }
  }

  delete(text: string): void {
    this.#items.delete(text)
    withdraw(this.#short, text)
    if (this.#buckets === undefined) return
    for (let offset = 0; offset + GRAM <= text.length; offset++) {
      const place = gram(text, offset)
      const bucket = this.#buckets[place]
      if (bucket === undefined) continue
      withdraw(bucket, text)
      if (bucket.length === 0) this.#buckets[place] = undefined
    }
  }

  /** Visits the items of all texts in `text`; of one that occurs several times possibly several times. */
  search(text: string, visit: (item: T) => void): void {
    const buckets = this.#buckets
    if (buckets === undefined) {
      for (const [sought, item] of this.#items) if (text.includes(sought)) visit(item)
      return
    }
    for (let index = 0; index < this.#short.length; index++) {
      const { text: sought, item } = this.#short[index] as Sought<T>
      if (text.includes(sought)) visit(item)
    }
    const last = text.length - GRAM
    if (last < 0) return
    let code = (text.charCodeAt(0) << 5) ^ text.charCodeAt(1)
    for (let at = 0; at <= last; at++) {
      code = ((code << 5) ^ text.charCodeAt(at + 2)) & (BUCKETS - 1)
      const bucket = buckets[code]
      if (bucket === undefined) continue
      for (let index = 0; index < bucket.length; index++) {
        const { text: sought, offset, item } = bucket[index] as Sought<T>
        if (at >= offset && text.startsWith(sought, at - offset)) visit(item)
      }
    }
  }

  #file(buckets: Array<Sought<T>[] | undefined>, text: string, item: T): void {
    if (text.length < GRAM) {
      this.#short.push({ text, item, offset: 0 })
      return
    }
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let offset = 0; offset + GRAM <= text.length; offset++) {
      const size = buckets[gram(text, offset)]?.length ?? 0
      if (size >= least) continue
      best = offset
      least = size
    }
    const place = gram(text, best)
    const bucket = buckets[place] ?? []
    bucket.push({ text, item, offset: best })
    buckets[place] = bucket
  }
}

/** As `search` computes it while it goes: each character shifts the others by five bits. */
const gram = (text: string, at: number): number =>
  ((text.charCodeAt(at) << 10) ^ (text.charCodeAt(at + 1) << 5) ^ text.charCodeAt(at + 2)) & (BUCKETS - 1)

function withdraw<T>(list: Sought<T>[], text: string): void {
  const at = list.findIndex((sought) => sought.text === text)
  if (at >= 0) list.splice(at, 1)
}
