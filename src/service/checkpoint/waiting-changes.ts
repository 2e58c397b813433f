import type { Piece } from './pack.ts'

/**
 * The changes that are not folded yet, oldest first, and which of their rows a later one has again. Bounded by how much may wait.
 */
export class WaitingChanges {
  #pieces: Piece[] = []
  #first = 0
  /** Number of the newest change that has the row. */
  readonly #newest = new Map<string, number>()
  #bytes = 0
  #nextNumber = 1

  get count(): number {
    return this.#pieces.length - this.#first
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What the next change is called. */
  get nextNumber(): number {
    return this.#nextNumber
  }

  push(piece: Piece): void {
    this.#pieces.push(piece)
    this.#bytes += piece.bytes
    this.#nextNumber = piece.number + 1
    for (const id of piece.ids) this.#newest.set(id, piece.number)
  }

  /** The oldest, with the indexes of its rows that need not be folded, because a later change will bring them. */
  oldest(): { readonly piece: Piece; readonly superseded: readonly number[] } | undefined {
    const piece = this.#pieces[this.#first]
    if (piece === undefined) return undefined
    const superseded: number[] = []
    for (const [index, id] of piece.ids.entries())
      if (this.#newest.get(id) !== piece.number) superseded.push(index)
    return { piece, superseded }
  }

  /** Forgets the oldest: it is folded. */
  shift(): void {
    const piece = this.#pieces[this.#first]
    if (piece === undefined) return
    this.#first += 1
    this.#bytes -= piece.bytes
    for (const id of piece.ids) if (this.#newest.get(id) === piece.number) this.#newest.delete(id)
    if (this.#first < 1_000 && this.#first < this.#pieces.length) return
    this.#pieces = this.#pieces.slice(this.#first)
    this.#first = 0
  }

  clear(): void {
    this.#pieces = []
    this.#first = 0
    this.#bytes = 0
    this.#nextNumber = 1
    this.#newest.clear()
  }
}
