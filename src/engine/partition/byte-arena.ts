import type { LoggedEvent } from '../decode/index.ts'

/** Where what is kept moves into rows soon, and where it stays: a chunk lives as long as its last event. */
const CHUNK_BYTES = { passing: 65_536, staying: 4_096 } as const

/**
 * Keeps payload bytes beyond the call that brought them, until the event is stored or forgotten. One chunk serves many events: an
 * allocation per event would cost more than the copy.
 */
export class ByteArena {
  readonly #chunkBytes: number
  #chunk: Uint8Array
  #at = 0

  constructor(kept: keyof typeof CHUNK_BYTES) {
    this.#chunkBytes = CHUNK_BYTES[kept]
    this.#chunk = new Uint8Array(this.#chunkBytes)
  }

  keep(event: LoggedEvent, payload: Uint8Array): void {
    const { length } = payload
    if (this.#at + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(this.#chunkBytes, length))
      this.#at = 0
    }
    this.#chunk.set(payload, this.#at)
    event.bytes = this.#chunk
    event.start = this.#at
    event.length = length
    this.#at += length
  }
}
