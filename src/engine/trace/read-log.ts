import { DEFAULT_SOURCE, decodeEvent, type ResolvedSource, resolveSource } from '../decode/index.ts'
import type { Frame, ListAccess, StreamEvent } from '../model/index.ts'
import { DEFAULT_LIMITS, type LogEntry, type PartitionOptions } from '../partition/index.ts'
import { eventKey, isTooLong, type NoKey, subjectMatches } from '../route/index.ts'
import type { EventProgram, RuleProgram } from '../rule/program.ts'

/** Whom an event belongs to as one of the rule's events, or why to nobody. */
export type SlotKey = { readonly slot: number; readonly key: string } | ({ readonly slot: number } & NoKey)

export interface ReadEntry {
  readonly event: StreamEvent
  /** One for every event definition whose subject it is on. */
  readonly slots: readonly SlotKey[]
}

const NO_STEPS: Frame['steps'] = { taken: () => [], count: () => 0 }

/** Reads log entries as the partition does, for what the matcher never sees: events that no rule took. */
export class LogReader {
  readonly #program: RuleProgram
  readonly #sources: readonly ResolvedSource[]
  readonly #limits: typeof DEFAULT_LIMITS
  readonly #slots = new Map<string, readonly number[]>()

  constructor(program: RuleProgram, options: Pick<PartitionOptions, 'sources' | 'limits'>) {
    this.#program = program
    this.#sources = [...(options.sources ?? []), DEFAULT_SOURCE].map(resolveSource)
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  /** `undefined`: the rule does not read the subject. A text: why there is no event. */
  read(entry: LogEntry, lists: ListAccess): ReadEntry | string | undefined {
    const slots = this.#slotsOf(entry.subject)
    if (slots.length === 0) return undefined
    const source = this.#sources.find(({ subjects }) =>
      subjects.some((filter) => subjectMatches(filter, entry.subject)),
    )
    const event = decodeEvent(entry, source ?? resolveSource(DEFAULT_SOURCE), this.#limits)
    if ('reason' in event) return `${event.reason}: ${event.message}`
    const frame: Frame = { event, steps: NO_STEPS, key: null, lists, time: event.time }
    return {
      event,
      slots: slots.map((slot) => ({ slot, ...keyOf(this.#program.events[slot]?.key ?? [], frame) })),
    }
  }

  #slotsOf(subject: string): readonly number[] {
    let slots = this.#slots.get(subject)
    if (slots === undefined) {
      slots = this.#program.events.flatMap((event, slot) =>
        subjectMatches(event.subject, subject) ? [slot] : [],
      )
      if (this.#slots.size < 10_000) this.#slots.set(subject, slots)
    }
    return slots
  }
}

function keyOf(expressions: EventProgram['key'], frame: Frame): { readonly key: string } | NoKey {
  const key = eventKey(expressions, frame)
  if (typeof key !== 'string') return key
  return isTooLong(key) ? { fault: 'key-too-long' } : { key }
}
