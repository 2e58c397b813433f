/** Places on a line, by bits: any number of them comes out in order, without being sorted. */
export class PlaceSet {
  /** 32 places each. */
  #words = new Int32Array(32)
  /** For 32 words each, which are not 0. */
  #summary = new Int32Array(1)

  /** Makes room for places below `count`. */
  reserve(count: number): void {
    if (count <= this.#words.length * 32) return
    const words = new Int32Array(32 * Math.ceil((2 * count) / 1024))
    words.set(this.#words)
    const summary = new Int32Array(words.length / 32)
    summary.set(this.#summary)
    this.#words = words
    this.#summary = summary
  }

  has(place: number): boolean {
    return ((this.#words[place >> 5] as number) & (1 << (place & 31))) !== 0
  }

  add(place: number): void {
    const word = place >> 5
    this.#words[word] = (this.#words[word] as number) | (1 << (place & 31))
    const part = word >> 5
    this.#summary[part] = (this.#summary[part] as number) | (1 << (word & 31))
  }

  get isEmpty(): boolean {
    const summary = this.#summary
    for (let part = 0; part < summary.length; part++) if (summary[part] !== 0) return false
    return true
  }

  /** Empties the set; writes what `items` has at its places, in their order, to `into`, and gives how many they were. */
  take(items: Int32Array, into: Int32Array): number {
    const words = this.#words
    const summary = this.#summary
    let count = 0
    for (let part = 0; part < summary.length; part++) {
      let left = summary[part] as number
      if (left === 0) continue
      summary[part] = 0
      while (left !== 0) {
        const word = (part << 5) | lowestBit(left)
        left &= left - 1
        let bits = words[word] as number
        words[word] = 0
        while (bits !== 0) {
          into[count++] = items[(word << 5) | lowestBit(bits)] as number
          bits &= bits - 1
        }
      }
    }
    return count
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)
