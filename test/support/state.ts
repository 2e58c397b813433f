import type { KeyedMatcher, StateReader, StateWriter, StreamEvent } from '../../src/engine/index.ts'

type Cell = number | string | StreamEvent

/** State rows as plain lists, for tests: what is written is what is read. */
export class ListWriter implements StateWriter {
  readonly cells: Cell[] = []

  uint(value: number): void {
    if (!Number.isInteger(value) || value < 0) throw new Error(`${value} is not an unsigned integer`)
    this.cells.push(value)
  }

  number(value: number): void {
    if (!Number.isFinite(value)) throw new Error(`${value} is not finite`)
    this.cells.push(value)
  }

  text(value: string): void {
    this.cells.push(value)
  }

  event(event: StreamEvent): void {
    this.cells.push(event)
  }
}

export class ListReader implements StateReader {
  readonly #cells: readonly Cell[]
  #at = 0

  constructor(cells: readonly Cell[]) {
    this.#cells = cells
  }

  uint(): number {
    return this.number()
  }

  number(): number {
    const cell = this.#cells[this.#at++]
    if (typeof cell !== 'number') throw new Error('expected a number')
    return cell
  }

  text(): string {
    const cell = this.#cells[this.#at++]
    if (typeof cell !== 'string') throw new Error('expected a text')
    return cell
  }

  event(): StreamEvent {
    const cell = this.#cells[this.#at++]
    if (typeof cell !== 'object') throw new Error('expected an event')
    return cell
  }

  get isAtEnd(): boolean {
    return this.#at === this.#cells.length
  }
}

/** Rows by key, as a checkpoint would keep them from change to change. */
export class StateTable {
  readonly rows = new Map<
    string,
    { readonly key: string; readonly page: number; readonly cells: readonly Cell[] }
  >()

  drain(matcher: KeyedMatcher): void {
    matcher.drainChanges((key, encode, page) => {
      const row = `${page} ${key}`
      if (encode === undefined) this.rows.delete(row)
      else {
        const writer = new ListWriter()
        encode(writer)
        this.rows.set(row, { key, page, cells: writer.cells })
      }
    })
  }

  restoreInto(matcher: KeyedMatcher): void {
    const pagesFirst = [...this.rows.values()].sort((a, b) => b.page - a.page)
    for (const { key, page, cells } of pagesFirst) {
      const reader = new ListReader(cells)
      matcher.restore(key, reader, page)
      if (!reader.isAtEnd) throw new Error(`key ${key} was not read to its end`)
    }
  }
}

const tables = new WeakMap<KeyedMatcher, StateTable>()

/** A fresh matcher with the state of the given one, which went through checkpoint rows. */
export function restoredCopy(matcher: KeyedMatcher, create: () => KeyedMatcher): KeyedMatcher {
  const table = tables.get(matcher) ?? new StateTable()
  table.drain(matcher)
  const copy = create()
  table.restoreInto(copy)
  tables.set(copy, table)
  return copy
}
