import { decodeEvent, LoggedEvent, type PayloadLimits, type ResolvedSource } from '../decode/index.ts'
import type { Frame, JsonObject, JsonValue, ListAccess, StreamEvent } from '../model/index.ts'
import { canonicalKeyOf, eventKey, keyParts, subjectMatches } from '../route/index.ts'
import type { EventProgram } from '../rule/program.ts'
import type { Belonging, ErasedKey, LogEntry } from './contract.ts'
import type { RuleRuntime } from './rule-runtime.ts'

const NO_STEPS: Frame['steps'] = { taken: () => [], count: () => 0 }
const lossy = new TextDecoder('utf-8')

/** An event definition, and the canonical key that events of it must have. */
interface ReadUnderKey {
  readonly event: EventProgram
  readonly wanted: string
}

/** Says of events whether one of the running rules reads them under the key. */
export class EventsOfKey {
  readonly #definitions: readonly ReadUnderKey[]
  readonly #bySubject = new Map<string, readonly ReadUnderKey[]>()
  readonly #texts: readonly string[]
  readonly #lists: ListAccess

  constructor(rules: readonly RuleRuntime[], erased: ErasedKey, lists: ListAccess) {
    this.#definitions = rules.flatMap((rule) => {
      const wanted = wantedKey(rule, erased)
      return wanted === undefined ? [] : rule.program.events.map((event) => ({ event, wanted }))
    })
    this.#texts = textsOf(erased.key)
    this.#lists = lists
  }

  has(event: StreamEvent): boolean {
    const frame: Frame = { event, steps: NO_STEPS, key: null, lists: this.#lists, time: event.time }
    return this.#reading(event.subject).some((each) => eventKey(each.event.key, frame) === each.wanted)
  }

  /** Undefined: the entry does not belong to the key. */
  ofEntry(entry: LogEntry, source: ResolvedSource, limits: PayloadLimits): Belonging | undefined {
    const event = decodeEvent(entry, source, limits)
    if (!('reason' in event)) return this.has(event) ? { kind: 'event', time: event.time } : undefined
    return this.#isInDeadLetter(entry, event.data) ? { kind: 'dead-letter' } : undefined
  }

  /** Bytes that cannot be parsed have no fields: they belong to every key whose texts stand in them as JSON writes them. */
  #isInDeadLetter(entry: LogEntry, data: JsonValue | undefined): boolean {
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) {
      const content = {
        data: data as JsonObject,
        mode: 'plain',
        attributes: undefined,
        id: undefined,
      } as const
      return this.has(new LoggedEvent(entry, entry.ingestedAt, content))
    }
    if (this.#texts.length === 0) return false
    const text = lossy.decode(entry.payload)
    return this.#texts.every((part) => text.includes(part))
  }

  #reading(subject: string): readonly ReadUnderKey[] {
    let reading = this.#bySubject.get(subject)
    if (reading === undefined) {
      reading = this.#definitions.filter(({ event }) => subjectMatches(event.subject, subject))
      if (this.#bySubject.size < SUBJECTS_MAX) this.#bySubject.set(subject, reading)
    }
    return reading
  }
}

const SUBJECTS_MAX = 20_000

/** The canonical key that the erasure means for a rule; undefined when it means none of it. */
function wantedKey({ id, program }: RuleRuntime, { key, rules }: ErasedKey): string | undefined {
  return rules === undefined || rules.includes(id) ? canonicalKeyOf(key, program.keyNames) : undefined
}

/** The texts among the parts of a key, as JSON writes them. */
function textsOf(key: JsonValue): string[] {
  const parts = typeof key === 'object' && key !== null ? Object.values(key) : [key]
  return parts.filter((part) => typeof part === 'string').map((part) => JSON.stringify(part))
}

/** What the rules keep that belongs to the key, and what other keys keep that was made of its events. */
export function keptOfKey(
  rules: readonly RuleRuntime[],
  erased: ErasedKey,
  events: EventsOfKey,
): { readonly keys: ReadonlyArray<KeyOfRule>; readonly suppressions: ReadonlyArray<KeyOfRule> } {
  const keys: KeyOfRule[] = []
  const suppressions: KeyOfRule[] = []
  const known = new Map<StreamEvent, boolean>()
  const isErased = (event: StreamEvent): boolean => {
    const answer = known.get(event) ?? events.has(event)
    known.set(event, answer)
    // Asked for once: its data need not stay parsed.
    if (event instanceof LoggedEvent) event.rest()
    return answer
  }
  const parts = partsOf(erased.key)
  for (const rule of rules) {
    const own = wantedKey(rule, erased)
    // All of a key goes when something of it does: what else it would have become had the event not been there, nobody knows.
    const touched = new Set(own === undefined ? [] : [own])
    for (const [key, event] of rule.matcher.heldEvents())
      if (!touched.has(key) && isErased(event)) touched.add(key)
    for (const key of touched) if (rule.matcher.has(key) || key === own) keys.push({ rule, key })
    const isWanted = erased.rules === undefined || erased.rules.includes(rule.id)
    for (const [key, owner] of rule.suppressions.owners())
      if (touched.has(owner) || (isWanted && isOfParts(key, parts))) suppressions.push({ rule, key })
  }
  return { keys, suppressions }
}

export interface KeyOfRule {
  readonly rule: RuleRuntime
  readonly key: string
}

function partsOf(key: JsonValue): ReadonlySet<JsonValue> {
  return new Set(typeof key === 'object' && key !== null ? Object.values(key) : [key])
}

/** Whoever made a suppression whose key holds a part of the erased one: it goes. */
const isOfParts = (key: string, parts: ReadonlySet<JsonValue>): boolean =>
  keyParts(key).some(
    (part) =>
      parts.has(part) ||
      // A part that is no scalar stands there as JSON.
      (typeof part === 'string' && textsOf([...parts]).some((text) => part.includes(text))),
  )

/** The partial matches of these keys. */
export function countPartialMatches(keys: readonly KeyOfRule[]): number {
  let count = 0
  for (const { rule, key } of keys) for (const _ of rule.matcher.inspect(key)) count++
  return count
}

/** What stands in the log's place of an erased entry, as the reader of the log makes it of a tombstone. */
export interface ErasedEntry {
  /** Of an event: the subject that it was on, and its event time, absent when it was a dead letter. */
  readonly event?: { readonly subject: string; readonly time?: number }
}

export function readErasedEntry(value: Readonly<Record<string, unknown>>): ErasedEntry | undefined {
  const { event } = value
  if (event === undefined) return {}
  if (typeof event !== 'object' || event === null) return undefined
  const { subject, time } = event as { readonly subject?: unknown; readonly time?: unknown }
  if (typeof subject !== 'string' || (time !== undefined && !Number.isFinite(time))) return undefined
  return { event: { subject, ...(time === undefined ? {} : { time: time as number }) } }
}

/** `{ key, rules?, erasure? }` of an erase entry; undefined when it is none. */
export function readErasure(
  value: Readonly<Record<string, unknown>>,
): (ErasedKey & { readonly id: string | undefined }) | undefined {
  const { key, rules, erasure } = value
  if (key === undefined) return undefined
  const named = Array.isArray(rules) ? rules.filter((rule) => typeof rule === 'string') : undefined
  return {
    key: key as JsonValue,
    ...(named === undefined ? {} : { rules: named }),
    id: typeof erasure === 'string' ? erasure : undefined,
  }
}
