import {
  type Belonging,
  canonicalKeyOf,
  type ErasedKey,
  eventTime,
  type JsonObject,
  type JsonValue,
  type LogEntry,
  streamSequence,
} from '../../engine/index.ts'

/** What stands in the alert log, the outbox, or a dead letter of a webhook, as far as it can be told whose it is. */
interface Emitted {
  readonly id?: unknown
  readonly reason?: unknown
  /** Of a late event or a dead letter. */
  readonly sequence?: unknown
  readonly subject?: unknown
  readonly payload?: unknown
  readonly payload_head?: unknown
  /** Of an alert. */
  readonly data?: { readonly rule?: unknown; readonly key?: unknown; readonly events?: unknown }
}

export interface MadeOfKey {
  /** Of the input log: entries of the key. */
  readonly sequences: { has(sequence: number): boolean }
  readonly erased: ErasedKey
  /** Sequence of the erasure's entry: what was made of later entries alone is there to stay. Default: there is none. */
  readonly until?: number
  /** Whose an entry is, for what the input log no longer has. */
  readonly belonging: (entry: LogEntry) => Belonging | undefined
}

const encoder = new TextEncoder()

/** Whether an effect was made for the key, or of an event of it. */
export function isMadeOf(text: string, made: MadeOfKey): boolean {
  const emitted = parse(text)
  if (emitted === undefined) return false
  const { data, sequence } = emitted
  if (typeof data?.rule === 'string') return isAlertOf(data.rule, data, made)
  if (typeof sequence !== 'number' || typeof emitted.reason !== 'string') return false
  return made.sequences.has(sequence) || made.belonging(entryIn(emitted, sequence)) !== undefined
}

/** The id of the alert in a text; undefined when there is none. */
export function alertIdIn(text: string): string | undefined {
  const emitted = parse(text)
  return emitted?.data !== undefined && typeof emitted.id === 'string' ? emitted.id : undefined
}

function isAlertOf(
  rule: string,
  { key, events }: NonNullable<Emitted['data']>,
  { sequences, erased, until = Number.POSITIVE_INFINITY }: MadeOfKey,
): boolean {
  const places = Array.isArray(events) ? events.map((event: { readonly seq?: unknown }) => event.seq) : []
  if (places.length > 0 && places.every((seq) => typeof seq === 'number' && seq > until)) return false
  const isOfRule = erased.rules === undefined || erased.rules.includes(rule)
  if (isOfRule && typeof key === 'object' && key !== null) {
    const names = Object.keys(key)
    const wanted = canonicalKeyOf(erased.key, names)
    if (wanted !== undefined && wanted === canonicalKeyOf(key as JsonObject, names)) return true
  }
  return places.some((seq) => typeof seq === 'number' && sequences.has(seq))
}

/** The entry that a late event or a dead letter was, as far as it is shown. */
function entryIn({ subject, payload, payload_head: head }: Emitted, sequence: number): LogEntry {
  const shown = typeof head === 'string' ? head : JSON.stringify((payload ?? null) as JsonValue)
  return {
    sequence: streamSequence(sequence),
    subject: String(subject),
    ingestedAt: eventTime(Number.MAX_SAFE_INTEGER),
    payload: encoder.encode(shown),
  }
}

function parse(text: string): Emitted | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Emitted) : undefined
  } catch {
    // Somebody else wrote something else there.
    return undefined
  }
}
