import type { Guards } from '../automaton/index.ts'
import type { EventStep, StreamEvent } from '../model/index.ts'
import { allSteps } from '../pattern/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { durationText } from '../testing/index.ts'
import { conditionText } from './condition.ts'
import type { FailedCondition, StepOutcome } from './contract.ts'
import type { Expiry } from './lineage.ts'
import type { Recorder, Showing, Standing } from './recorder.ts'

/** An event of the key, with the conditions of each step on its subject that did not hold by themselves. */
export interface OwnEvent {
  readonly event: StreamEvent
  readonly slots: ReadonlyMap<number, readonly FailedCondition[]>
}

interface CountedStep {
  readonly slots: readonly number[]
  readonly step: EventStep
  readonly min: number
}

/** Says what came of events at the steps of a rule, from what was written down while they were matched. */
export class EventExplainer {
  readonly #program: RuleProgram
  readonly #recorder: Recorder
  readonly #counted: readonly CountedStep[]

  constructor(program: RuleProgram, recorder: Recorder) {
    this.#program = program
    this.#recorder = recorder
    const slotOf = new Map(program.events.map(({ name }, slot) => [name, slot]))
    this.#counted = [...allSteps(program.definition.pattern)].flatMap(({ step }) => {
      if (step.kind !== 'event' || (step.quantifier?.min ?? 1) < 2) return []
      return [
        { slots: step.events.map((name) => slotOf.get(name) ?? 0), step, min: step.quantifier?.min ?? 1 },
      ]
    })
  }

  name(slot: number): string {
    return this.#program.events[slot]?.name ?? String(slot)
  }

  outcomes({ event, slots }: OwnEvent): readonly StepOutcome[] {
    const showing = this.#recorder.showings.get(event.sequence)
    const outcomes = [...slots].flatMap(([slot, failed]) => this.#ofSlot(slot, event, failed, showing))
    return [...outcomes, ...this.#closings(slots, showing), ...this.#having(showing)]
  }

  /** How far a counted step of a partial match is from what it needs. */
  missing(
    taken: (slot: number) => number,
  ): { readonly step: string; readonly count: number; readonly needed: number } | undefined {
    for (const { slots, step, min } of this.#counted) {
      const count = slots.reduce((sum, slot) => sum + taken(slot), 0)
      if (count > 0 && count < min) return { step: step.events.join(' or '), count, needed: min }
    }
    return undefined
  }

  #ofSlot(
    slot: number,
    event: StreamEvent,
    failed: readonly FailedCondition[],
    showing: Showing | undefined,
  ): readonly StepOutcome[] {
    const step = this.name(slot)
    const taken = showing?.taken.filter((taking) => taking.slot === slot) ?? []
    if (taken.length > 0)
      return taken.map(({ start }) => ({
        kind: 'taken',
        step,
        partialMatch: start,
        text: start === event.sequence ? `taken as ${step}; a partial match starts` : `taken as ${step}`,
      }))
    if (failed.length > 0 && !this.#holds(slot, showing)) {
      const text = `not ${step}: ${failed.map(conditionText).join('; ')}`
      return [{ kind: 'where-false', step, conditions: failed, text }]
    }
    const conditions = showing?.conditions.filter((condition) => condition.slot === slot) ?? []
    const asked = conditions.filter(({ start }) => start !== undefined)
    if (asked.length > 0)
      return asked.map(({ start, conditions: parts }) => ({
        kind: 'condition-false',
        step,
        ...(start === undefined ? {} : { partialMatch: start }),
        conditions: parts,
        text: `NOT taken as ${step}: ${parts.map(conditionText).join('; ')}`,
      }))
    if (showing?.closed.some(({ guards }) => takes(guards, slot))) return []
    const standing = showing?.standings ?? []
    const waits = standing.some(({ slots }) => slots.includes(slot))
    const late = this.#tooLate(slot, event)
    const isRecent = late?.kind === 'limit-passed' && late.limit.byMs <= late.limit.limitMs
    return [(waits || isRecent ? undefined : this.#notYet(step, standing)) ?? late ?? this.#idle(slot)]
  }

  #holds(slot: number, showing: Showing | undefined): boolean {
    return showing !== undefined && (showing.mask & (1 << slot)) !== 0
  }

  #notYet(step: string, standings: readonly Standing[]): StepOutcome | undefined {
    for (const { run } of standings) {
      const counted = this.missing((slot) => countIn(run, slot))
      if (counted === undefined) continue
      const text = `NOT taken as ${step}: ${counted.count} of at least ${counted.needed} ${counted.step} came before`
      return { kind: 'count-not-reached', step, partialMatch: run.first.sequence, counted, text }
    }
    return undefined
  }

  #tooLate(slot: number, event: StreamEvent): StepOutcome | undefined {
    let found: Expiry | undefined
    for (const expiry of this.#recorder.expiries)
      if (
        expiry.slots.includes(slot) &&
        expiry.at <= event.time &&
        (found === undefined || expiry.at >= found.at)
      )
        found = expiry
    if (found === undefined) return undefined
    const { limit, since, sinceSlot, at, start } = found
    const step = this.name(slot)
    const afterMs = event.time - since
    const text = `NOT taken as ${step}, ${durationText(afterMs)} after ${this.name(sinceSlot)}, limit ${durationText(limit.limitMs)}`
    return {
      kind: 'limit-passed',
      step,
      partialMatch: start,
      limit: { ...limit, afterMs, byMs: event.time - at },
      text,
    }
  }

  #idle(slot: number): StepOutcome {
    const step = this.name(slot)
    return { kind: 'not-waiting', step, text: `NOT taken as ${step}: no partial match waits for it` }
  }

  /** What the event ended or could not open. */
  #closings(slots: OwnEvent['slots'], showing: Showing | undefined): readonly StepOutcome[] {
    const outcomes = new Map<string, StepOutcome>()
    for (const { start, guards, why } of showing?.closed ?? []) {
      const here = [...slots.keys()].filter((slot) => this.#holds(slot, showing))
      const banned =
        guards.banned | guards.bannedNext | guards.timed.reduce((mask, { mask: more }) => mask | more, 0)
      const cause = here.find((slot) => why !== 'forbidden' || (banned & (1 << slot)) !== 0)
      const step = this.name(cause ?? slots.keys().next().value ?? 0)
      const awaited =
        'slots' in guards
          ? (guards as { slots: readonly number[] }).slots.map((slot) => this.name(slot)).join(' or ')
          : 'the end'
      const text = closingText(why, step, awaited)
      outcomes.set(`${start} ${text}`, { kind: why, step, partialMatch: start, text })
    }
    return [...outcomes.values()]
  }

  #having(showing: Showing | undefined): readonly StepOutcome[] {
    return (showing?.having ?? []).map(({ start, conditions }) => ({
      kind: 'having-false',
      step: 'having',
      partialMatch: start,
      conditions,
      text: `complete, but having ${conditions.map(conditionText).join('; ')}`,
    }))
  }
}

const takes = (guards: Guards, slot: number): boolean =>
  'slots' in guards && (guards.slots as readonly number[]).includes(slot)

function closingText(
  why: 'forbidden' | 'too-early' | 'until' | 'greedy' | 'contiguity',
  step: string,
  awaited: string,
): string {
  switch (why) {
    case 'forbidden':
      return `${step} ends the partial match: it must not come here`
    case 'too-early':
      return `NOT taken as ${awaited}: the time in which nothing may come is not over`
    case 'until':
      return `${step} ends the repetition of ${awaited}`
    case 'greedy':
      return `${step} goes to the step before ${awaited}`
    case 'contiguity':
      return `ends the partial match: ${awaited} has to follow immediately`
    default:
      return why satisfies never
  }
}

function countIn(run: Standing['run'], slot: number): number {
  let count = 0
  for (let node: typeof run.last | undefined = run.last; node !== undefined; node = node.previous)
    if (node.slot === slot) count++
  return count
}
