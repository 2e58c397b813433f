import type { LoggedEvent } from '../decode/index.ts'

const CHUNK_BYTES = 65_536

/**
 * Keeps payload bytes beyond the call that brought them, until the event is stored or forgotten. One chunk serves many events: an
 * allocation per event would cost more than the copy.
 */
export class ByteArena {
  #chunk = new Uint8Array(CHUNK_BYTES)
  #at = 0

  keep(event: LoggedEvent, payload: Uint8Array): void {
    const { length } = payload
    if (this.#at + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, length))
      this.#at = 0
    }
    this.#chunk.set(payload, this.#at)
    event.bytes = this.#chunk
    event.start = this.#at
    event.length = length
    this.#at += length
  }
}
