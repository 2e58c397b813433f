import { randomBytes } from 'node:crypto'
import type { JsonValue } from '../../engine/index.ts'
import { type Erasure, stateOf } from './records.ts'
import type { ErasureStore } from './store.ts'

export interface WantedErasure {
  readonly key: JsonValue
  readonly rules: readonly string[] | undefined
  readonly reason: string
  readonly dryRun: boolean
  readonly who: string | undefined
}

/** Takes requests to erase a key, and says how far they are. */
export interface ErasureDesk {
  /** Newest first. */
  list(): Promise<readonly Erasure[]>
  get(id: string): Promise<Erasure | undefined>
  /** Asking again for what is going on gives what is going on. */
  request(wanted: WantedErasure): Promise<Erasure>
}

export function erasureDesk(store: ErasureStore, now: () => number): ErasureDesk {
  return {
    list: async () => (await store.all()).toReversed(),
    get: async (id) => (await store.all()).find(({ request }) => request.id === id),
    request: async ({ key, rules, reason, dryRun, who }) => {
      const scope = rules === undefined ? undefined : [...new Set(rules)].sort()
      const keyHash = await store.hash(canonical(key))
      const going = (await store.all()).find(
        ({ request, progress, key: unsaid }) =>
          unsaid !== undefined &&
          request.keyHash === keyHash &&
          request.dryRun === dryRun &&
          JSON.stringify(request.rules) === JSON.stringify(scope) &&
          progress?.state !== 'done',
      )
      if (going !== undefined) return going
      const request = {
        id: `er-${randomBytes(8).toString('hex')}`,
        keyHash,
        ...(scope === undefined ? {} : { rules: scope }),
        dryRun,
        reason,
        ...(who === undefined ? {} : { who }),
        at: new Date(now()).toISOString(),
      }
      await store.request(request, { key })
      return { request, progress: undefined, partitions: new Map(), key: undefined }
    },
  }
}

/** An object by its parts is the same key in whatever order they stand. */
function canonical(key: JsonValue): string {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return JSON.stringify(key)
  return JSON.stringify(Object.entries(key).sort(([left], [right]) => (left < right ? -1 : 1)))
}

/** One place that an erasure goes through, for people. */
export interface ErasurePlace {
  readonly place: string
  readonly done: boolean
  /** What was found there, by kind; absent until it is known. */
  readonly found?: Readonly<Record<string, number>>
}

/** Which places an erasure has been through. */
export function placesOf(erasure: Erasure, partitions: number): readonly ErasurePlace[] {
  const state = stateOf(erasure)
  const { progress } = erasure
  const places: ErasurePlace[] = Array.from({ length: partitions }, (_, index) => {
    const report = erasure.partitions.get(index)
    const place = `partition ${index}`
    if (report === undefined) return { place, done: false }
    const { partialMatches, suppressions, bufferedEvents, outboxEffects } = report
    return {
      place,
      done: report.state === 'scrubbed',
      found: {
        partialMatches,
        suppressions,
        bufferedEvents,
        ...(outboxEffects === undefined ? {} : { outboxEffects }),
      },
    }
  })
  const done = state === 'done'
  const part = (place: string, found: Readonly<Record<string, number | undefined>>): ErasurePlace => {
    const known = Object.entries(found).filter((entry): entry is [string, number] => entry[1] !== undefined)
    return { place, done, ...(known.length === 0 ? {} : { found: Object.fromEntries(known) }) }
  }
  return [
    ...places,
    part('alert log', { alerts: progress?.alerts }),
    part('alert states', { alertStates: progress?.alertStates }),
    part('webhook dead letters', { webhookDeadLetters: progress?.webhookDeadLetters }),
    part('input log', { events: progress?.events }),
    { place: 'key', done: done && erasure.key === undefined },
  ]
}
