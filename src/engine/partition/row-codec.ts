import { invariant, type StateReader, type StateWriter, type StreamEvent } from '../model/index.ts'

const CHUNK_BYTES = 65_536
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Writes rows one behind the other into buffers that are never reused: a finished row is a view that stays valid while somebody
 * else is still storing it.
 */
export class RowWriter implements StateWriter {
  #bytes = new Uint8Array(CHUNK_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #start = 0
  #at = 0
  readonly #onEvent: (event: StreamEvent) => void

  /** `onEvent` stores the event of which the row holds the sequence. */
  constructor(onEvent: (event: StreamEvent) => void = refuseEvent) {
    this.#onEvent = onEvent
  }

  /** Bytes of the row so far. */
  get length(): number {
    return this.#at - this.#start
  }

  /** Ends the row and gives its bytes; the next one starts. */
  finish(): Uint8Array {
    const row = this.#bytes.subarray(this.#start, this.#at)
    this.#start = this.#at
    return row
  }

  uint(value: number): void {
    this.#reserve(10)
    const bytes = this.#bytes
    let rest = value
    // Bitwise operators see 32 bits only.
    while (rest >= 0x8000_0000) {
      bytes[this.#at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      bytes[this.#at++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[this.#at++] = rest
  }

  number(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  /** Length and form in front: UTF-8, or the UTF-16 units of the rare text that is not well-formed Unicode. */
  text(value: string): void {
    if (!value.isWellFormed()) {
      this.#units(value)
      return
    }
    const { length } = value
    if (length < 48 && this.#ascii(value)) return
    const encoded = encoder.encode(value)
    this.uint(encoded.length * 2)
    this.raw(encoded, 0, encoded.length)
  }

  event(event: StreamEvent): void {
    this.uint(event.sequence)
    this.#onEvent(event)
  }

  /** Bytes as they are, without their length. */
  raw(source: Uint8Array, start: number, length: number): void {
    this.#reserve(length)
    // The loop is faster than a view and its copy for most events.
    if (length < 200) {
      for (let index = 0; index < length; index++)
        this.#bytes[this.#at + index] = source[start + index] as number
    } else this.#bytes.set(source.subarray(start, start + length), this.#at)
    this.#at += length
  }

  #ascii(value: string): boolean {
    const { length } = value
    this.#reserve(length + 1)
    const bytes = this.#bytes
    const at = this.#at + 1
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 127) return false
      bytes[at + index] = code
    }
    bytes[this.#at] = length * 2
    this.#at = at + length
    return true
  }

  #units(value: string): void {
    this.uint(value.length * 4 + 1)
    this.#reserve(value.length * 2)
    for (let index = 0; index < value.length; index++) {
      this.#view.setUint16(this.#at, value.charCodeAt(index), true)
      this.#at += 2
    }
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const row = this.#bytes.subarray(this.#start, this.#at)
    this.#bytes = new Uint8Array(Math.max(CHUNK_BYTES, 2 * (row.length + bytes)))
    this.#view = new DataView(this.#bytes.buffer)
    this.#bytes.set(row)
    this.#start = 0
    this.#at = row.length
  }
}

function refuseEvent(): void {
  invariant(false, 'this row holds no events')
}

/** Reads a row; every read beyond its end throws. */
export class RowReader implements StateReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #findEvent: (sequence: number) => StreamEvent
  #at = 0

  constructor(bytes: Uint8Array, findEvent: (sequence: number) => StreamEvent = noEvent) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#findEvent = findEvent
  }

  get atEnd(): boolean {
    return this.#at >= this.bytes.length
  }

  uint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes[this.#at++]
      invariant(byte !== undefined, 'a stored row ends where it should')
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  number(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  text(): string {
    const form = this.uint()
    if (form % 2 === 0) return decoder.decode(this.raw(form / 2))
    let value = ''
    for (let unit = (form - 1) / 4; unit > 0; unit--) {
      value += String.fromCharCode(this.#view.getUint16(this.#at, true))
      this.#at += 2
    }
    return value
  }

  event(): StreamEvent {
    return this.#findEvent(this.uint())
  }

  raw(length: number): Uint8Array {
    const start = this.skip(length)
    return this.bytes.subarray(start, this.#at)
  }

  /** Goes on behind that many bytes; returns where they start. */
  skip(length: number): number {
    invariant(this.#at + length <= this.bytes.length, 'a stored row ends where it should')
    this.#at += length
    return this.#at - length
  }
}

function noEvent(): StreamEvent {
  throw new Error('invariant violated: this row holds no events')
}
