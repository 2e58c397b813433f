import { eventTime, type LogEntry, streamSequence } from '../../engine/index.ts'

/**
 * Entries in a few large arrays, to be handed from thread to thread without copying: their payloads one behind the other, and
 * what else an entry has as columns. Entry `i` has the payload bytes from `ends[i - 1]` (0 for the first) to `ends[i]`.
 */
export interface PackedEntries {
  readonly payloads: Uint8Array<ArrayBuffer>
  readonly ends: Uint32Array<ArrayBuffer>
  readonly sequences: Float64Array<ArrayBuffer>
  /** Milliseconds since 1970. */
  readonly ingestedAt: Float64Array<ArrayBuffer>
  /** Each subject once; `subjectOf[i]` is a place in it. */
  readonly subjects: readonly string[]
  readonly subjectOf: Uint32Array<ArrayBuffer>
  /** By place; absent: none of the entries has headers. */
  readonly headers?: ReadonlyMap<number, Readonly<Record<string, string>>>
}

/** Copies the payloads: what is packed owes nothing to the buffers it came in. */
export function packEntries(entries: readonly LogEntry[]): PackedEntries {
  const { length } = entries
  let bytes = 0
  for (const { payload } of entries) bytes += payload.length
  const payloads = new Uint8Array(bytes)
  const ends = new Uint32Array(length)
  const sequences = new Float64Array(length)
  const ingestedAt = new Float64Array(length)
  const subjectOf = new Uint32Array(length)
  const places = new Map<string, number>()
  const headers = new Map<number, Readonly<Record<string, string>>>()
  let at = 0
  for (let index = 0; index < length; index += 1) {
    const entry = entries[index] as LogEntry
    payloads.set(entry.payload, at)
    at += entry.payload.length
    ends[index] = at
    sequences[index] = entry.sequence
    ingestedAt[index] = entry.ingestedAt
    let place = places.get(entry.subject)
    if (place === undefined) {
      place = places.size
      places.set(entry.subject, place)
    }
    subjectOf[index] = place
    if (entry.headers !== undefined) headers.set(index, entry.headers)
  }
  const packed = { payloads, ends, sequences, ingestedAt, subjects: [...places.keys()], subjectOf }
  return headers.size === 0 ? packed : { ...packed, headers }
}

/** What belongs to the receiver after the sending. */
export const transferable = (packed: PackedEntries): ArrayBuffer[] => [
  packed.payloads.buffer,
  packed.ends.buffer,
  packed.sequences.buffer,
  packed.ingestedAt.buffer,
  packed.subjectOf.buffer,
]

/** The same number, but what fits into 32 bits as V8 keeps whole numbers: what is read from an array of doubles is an object of its own. */
const unboxed = (value: number): number => {
  const whole = value | 0
  return whole === value ? whole : value
}

/**
 * A class, for its objects are what every event begins with: those of a literal are tables to V8 when the rules, which are read before
 * the first entry, have brought many names for events.
 */
class UnpackedEntry implements LogEntry {
  readonly sequence: LogEntry['sequence']
  readonly subject: string
  readonly ingestedAt: LogEntry['ingestedAt']
  readonly payload: Uint8Array
  declare readonly headers?: Readonly<Record<string, string>>

  constructor(packed: PackedEntries, index: number) {
    const { payloads, ends, sequences, ingestedAt, subjects, subjectOf } = packed
    this.sequence = streamSequence(unboxed(sequences[index] as number))
    this.subject = subjects[subjectOf[index] as number] as string
    this.ingestedAt = eventTime(ingestedAt[index] as number)
    this.payload = payloads.subarray(index === 0 ? 0 : ends[index - 1], ends[index])
    const headers = packed.headers?.get(index)
    if (headers !== undefined) this.headers = headers
  }
}

/** The entries; their payloads are views of the packed ones. */
export function unpackEntries(packed: PackedEntries): LogEntry[] {
  const entries = new Array<LogEntry>(packed.ends.length)
  for (let index = 0; index < entries.length; index += 1) entries[index] = new UnpackedEntry(packed, index)
  return entries
}
