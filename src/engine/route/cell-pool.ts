const SMALLEST = 4

/** A part of the pool; its capacity is a power of two, or nothing. */
export interface Cells {
  /** Where it begins: with how many cells are used, and then these. 0: nowhere. */
  at: number
  capacity: number
  used: number
}

/** Runs of numbers in one array: what is read together lies together in memory. */
export class CellPool {
  cells = new Int32Array(1024)
  #end = SMALLEST
  /** Places of blocks that were given back, by the exponent of their capacity. */
  readonly #free: number[][] = []

  append(block: Cells, values: readonly number[]): void {
    const used = block.used + values.length
    if (used >= block.capacity) this.#move(block, used + 1)
    this.cells.set(values, block.at + 1 + block.used)
    this.#use(block, used)
  }

  /** Takes `length` cells out that begin `offset` cells into the block. */
  cut(block: Cells, offset: number, length: number): void {
    const from = block.at + 1 + offset
    this.cells.copyWithin(from, from + length, block.at + 1 + block.used)
    this.#use(block, block.used - length)
    if (block.used === 0) this.release(block)
  }

  /** Where these stand from now on, behind their number; 0 when there are none. */
  store(values: readonly number[]): number {
    if (values.length === 0) return 0
    const block = emptyBlock()
    this.append(block, values)
    return block.at
  }

  /** Forgets what was stored there. */
  discard(at: number): void {
    if (at > 0) this.#freeOf(capacityFor((this.cells[at] as number) + 1)).push(at)
  }

  release(block: Cells): void {
    if (block.capacity > 0) this.#freeOf(block.capacity).push(block.at)
    block.at = 0
    block.capacity = 0
    block.used = 0
  }

  #use(block: Cells, used: number): void {
    block.used = used
    this.cells[block.at] = used
  }

  #move(block: Cells, needed: number): void {
    const capacity = capacityFor(needed)
    const at = this.#freeOf(capacity).pop() ?? this.#extend(capacity)
    this.cells.copyWithin(at, block.at, block.at + 1 + block.used)
    const { used } = block
    this.release(block)
    block.at = at
    block.capacity = capacity
    block.used = used
  }

  #extend(capacity: number): number {
    const at = this.#end
    this.#end += capacity
    if (this.#end > this.cells.length) {
      const larger = new Int32Array(Math.max(this.#end, this.cells.length * 2))
      larger.set(this.cells)
      this.cells = larger
    }
    return at
  }

  #freeOf(capacity: number): number[] {
    const exponent = 31 - Math.clz32(capacity)
    let places = this.#free[exponent]
    if (places === undefined) {
      places = []
      this.#free[exponent] = places
    }
    return places
  }
}

const emptyBlock = (): Cells => ({ at: 0, capacity: 0, used: 0 })

function capacityFor(cells: number): number {
  let capacity = SMALLEST
  while (capacity < cells) capacity *= 2
  return capacity
}
