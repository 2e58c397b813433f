/** The numbers at the beginning of an array of twice the length. */
export function twice(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

/** Things by number; a number that is free goes to the next. */
export class Numbered<T extends { readonly number: number }> {
  /** A number that nobody has keeps what it had. */
  readonly items: T[] = []
  readonly #free: number[] = []

  nextNumber(): number {
    return this.#free.pop() ?? this.items.length
  }

  add(item: T): void {
    this.items[item.number] = item
  }

  remove({ number }: T): void {
    this.#free.push(number)
  }
}
