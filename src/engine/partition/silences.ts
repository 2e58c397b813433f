import { readInstant } from './instant.ts'

/** Which alerts a silence holds back: all that is named must be so. */
export interface SilenceMatcher {
  readonly rule?: string
  readonly namespace?: string
  /** The key as text: the subject of the alert. */
  readonly key?: string
  readonly severity?: string
}

/** A silence as an entry of the log says it. */
export interface SilenceChange {
  readonly id: string
  /** Older ones than the last are passed over. */
  readonly version: number
  readonly match: SilenceMatcher
  /** Event time, half-open; equal ends hold nothing back. */
  readonly from: number
  readonly until: number
}

/** A silence is forgotten so long after its end, in event time: entries that come again later are of no effect either. */
const KEPT_MS = 7 * 86_400_000
const SILENCES_MAX = 10_000

/** Times in which alerts are held back. */
export class Silences {
  readonly #silences = new Map<string, SilenceChange>()
  readonly #changed = new Set<string>()

  /** False when there are too many. */
  apply(change: SilenceChange, now: number): boolean {
    for (const { id, until } of this.#silences.values()) if (until + KEPT_MS <= now) this.#delete(id)
    const known = this.#silences.get(change.id)
    if (known !== undefined && change.version <= known.version) return true
    if (known === undefined && this.#silences.size >= SILENCES_MAX) return false
    this.restore(change)
    this.#changed.add(change.id)
    return true
  }

  restore(change: SilenceChange): void {
    this.#silences.set(change.id, change)
  }

  /** The id of the first silence, in order of id, that holds such an alert back. */
  find(alert: Required<SilenceMatcher>, time: number): string | undefined {
    let found: string | undefined
    for (const { id, match, from, until } of this.#silences.values()) {
      if (time < from || time >= until || (found !== undefined && found < id)) continue
      if (PARTS.every((part) => match[part] === undefined || match[part] === alert[part])) found = id
    }
    return found
  }

  get size(): number {
    return this.#silences.size
  }

  versions(): ReadonlyMap<string, number> {
    return new Map([...this.#silences.values()].map(({ id, version }) => [id, version]))
  }

  /** Undefined: forgotten. */
  drainChanges(visit: (id: string, silence: SilenceChange | undefined) => void): void {
    for (const id of this.#changed) visit(id, this.#silences.get(id))
    this.#changed.clear()
  }

  #delete(id: string): void {
    this.#silences.delete(id)
    this.#changed.add(id)
  }
}

const PARTS = ['rule', 'namespace', 'key', 'severity'] as const

/** The silence of a parsed log payload; undefined when it is none. One that names nothing to match would hold back everything. */
export function readSilence(value: Readonly<Record<string, unknown>>): SilenceChange | undefined {
  const { id, version, match, from, until } = value
  if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(id) || !Number.isSafeInteger(version))
    return undefined
  if (typeof match !== 'object' || match === null) return undefined
  const parts = match as Record<string, unknown>
  const named = PARTS.filter((part) => parts[part] !== undefined)
  if (named.length === 0 || !named.every((part) => typeof parts[part] === 'string')) return undefined
  const start = readInstant(from)
  const end = readInstant(until)
  if (start === undefined || end === undefined) return undefined
  return {
    id,
    version: version as number,
    match: Object.fromEntries(named.map((part) => [part, parts[part]])),
    from: start,
    until: end,
  }
}
