import type { EventName, ExpressionScope, Pattern, PatternStep, RuleDefinition } from '../model/index.ts'
import { innerPatterns, ownEvents, repeats } from '../pattern/index.ts'

/** A step and what it stands in, from the outside in; `index` is its position there. */
interface Placement {
  readonly kind: 'sequence' | 'choice' | 'set'
  readonly index: number
  /** Identity of the container. */
  readonly container: object
  /** The step at this position can come again, so that what follows it may also have come before it. */
  readonly repeats: boolean
}

/** What the steps of a pattern can see of each other while a match is being taken. */
export interface Visibility {
  /** Names whose events a match can hold. */
  readonly positive: ReadonlySet<EventName>
  /** Whether a name's events are seen as an array. */
  counted(name: EventName): boolean
  /** Whether `earlier` can have been taken when an event is tried as `name`. */
  canSee(name: EventName, earlier: EventName): boolean
}

/** What the expressions of a rule may name, by slot. */
export function scopeOf({ events, pattern }: RuleDefinition): ExpressionScope {
  const visibility = visibilityOf(pattern)
  return { steps: events.map(({ name }) => ({ name, counted: visibility.counted(name) })) }
}

export function visibilityOf(pattern: Pattern): Visibility {
  const placements = new Map<EventName, readonly Placement[]>()
  place(pattern, [], placements)
  return {
    positive: new Set(placements.keys()),
    counted: (name) => placements.get(name)?.some((placement) => placement.repeats) ?? false,
    canSee: (name, earlier) => {
      const here = placements.get(name)
      const there = placements.get(earlier)
      if (!there) return false
      // What a match never holds (absences, `until`) is tried at any time after the first event.
      return here ? canPrecede(there, here) : true
    },
  }
}

function place(
  pattern: Pattern,
  path: readonly Placement[],
  placements: Map<EventName, readonly Placement[]>,
): void {
  for (const [index, step] of pattern.steps.entries()) {
    const here = [...path, { kind: 'sequence' as const, index, container: pattern, repeats: repeats(step) }]
    placeStep(step, here, placements)
  }
}

function placeStep(
  step: PatternStep,
  path: readonly Placement[],
  placements: Map<EventName, readonly Placement[]>,
): void {
  const within = step.kind === 'any-order' ? ('set' as const) : ('choice' as const)
  for (const [index, name] of ownEvents(step).entries()) {
    placements.set(name, [...path, { kind: within, index, container: step, repeats: false }])
  }
  for (const [index, inner] of innerPatterns(step).entries()) {
    const branch = { kind: 'choice' as const, index, container: step, repeats: false }
    place(inner.pattern, step.kind === 'choice' ? [...path, branch] : path, placements)
  }
}

function canPrecede(there: readonly Placement[], here: readonly Placement[]): boolean {
  for (const [depth, mine] of here.entries()) {
    const other = there[depth]
    if (!other || other.container !== mine.container) return false
    if (other.index === mine.index) {
      // Inside a step that can come again, everything in it may have been taken in an earlier round.
      if (mine.repeats) return true
      continue
    }
    if (mine.kind === 'set') return true
    return mine.kind === 'sequence' && other.index < mine.index
  }
  // The same step, taken once: its own event is not there yet.
  return false
}
