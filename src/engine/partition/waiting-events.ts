import type { LoggedEvent } from '../decode/index.ts'
import { ReorderBuffer } from '../time/index.ts'
import type { StateRow } from './contract.ts'
import { readEvent, writeEvent } from './event-codec.ts'
import { RowReader, RowWriter } from './row-codec.ts'
import { bufferedRow } from './row-ids.ts'

const ROW_BYTES_MAX = 1_048_576

/**
 * The events that wait for the watermark, and their rows: each checkpoint appends what came since the last and is still waiting; a
 * row goes when the last of its events has gone. Which events of a row still wait needs no note: those after the watermark.
 */
export class WaitingEvents {
  readonly #buffer: ReorderBuffer<LoggedEvent>
  readonly #writer = new RowWriter()
  readonly #rows = new Map<number, number>()
  readonly #rowOf = new Map<LoggedEvent, number>()
  #emptied: number[] = []
  #next = 1

  constructor(latenessMs: number) {
    this.#buffer = new ReorderBuffer(latenessMs)
  }

  get size(): number {
    return this.#buffer.size
  }

  push(event: LoggedEvent): void {
    this.#buffer.push(event)
  }

  take(limit: number): LoggedEvent | undefined {
    const event = this.#buffer.take(limit)
    if (event === undefined || this.#rowOf.size === 0) return event
    const row = this.#rowOf.get(event)
    if (row === undefined) return event
    this.#rowOf.delete(event)
    const left = (this.#rows.get(row) as number) - 1
    if (left > 0) this.#rows.set(row, left)
    else {
      this.#rows.delete(row)
      this.#emptied.push(row)
    }
    return event
  }

  /** Takes out those that are meant; the rows are written anew without them and without those that went before. */
  remove(isMeant: (event: LoggedEvent) => boolean): number {
    const removed = this.#buffer.remove(isMeant)
    this.#emptied.push(...this.#rows.keys())
    this.#rows.clear()
    this.#rowOf.clear()
    return removed
  }

  items(): Iterable<LoggedEvent> {
    return this.#buffer.items()
  }

  firstTime(): number | undefined {
    return this.#buffer.firstTime()
  }

  takeRows(): StateRow[] {
    const rows: StateRow[] = this.#emptied.map((row) => ({ id: bufferedRow(row), value: undefined }))
    this.#emptied = []
    let waiting = 0
    for (const event of this.#buffer.items()) {
      if (this.#rowOf.has(event)) continue
      writeEvent(this.#writer, event)
      this.#rowOf.set(event, this.#next)
      waiting++
      if (this.#writer.length < ROW_BYTES_MAX) continue
      this.#close(rows, waiting)
      waiting = 0
    }
    if (waiting > 0) this.#close(rows, waiting)
    return rows
  }

  restore(
    stored: ReadonlyArray<{ readonly number: number; readonly value: Uint8Array }>,
    watermark: number,
  ): void {
    for (const { number, value } of stored) {
      this.#next = Math.max(this.#next, number + 1)
      // A copy: the value may be a small part of something large.
      const reader = new RowReader(new Uint8Array(value))
      let waiting = 0
      while (!reader.atEnd) {
        const event = readEvent(reader, (_sequence, time) => time > watermark)
        if (event === undefined) continue
        waiting++
        this.#buffer.push(event)
        this.#rowOf.set(event, number)
      }
      if (waiting > 0) this.#rows.set(number, waiting)
      else this.#emptied.push(number)
    }
  }

  #close(rows: StateRow[], waiting: number): void {
    this.#rows.set(this.#next, waiting)
    rows.push({ id: bufferedRow(this.#next), value: this.#writer.finish() })
    this.#next++
  }
}
