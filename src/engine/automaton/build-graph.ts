import {
  type Edge,
  type EdgeContiguity,
  type Graph,
  type Guards,
  RELAXED,
  type State,
  type TimedAbsence,
} from './graph.ts'
import { maskOf, type PositiveStep, type Sequence, type SequenceTree } from './step-tree.ts'

/** Where a partial match stands at one depth of the pattern: which step, which repetition of it. */
interface Level {
  readonly parent: Level | undefined
  readonly sequence: Sequence
  readonly index: number
  readonly step: PositiveStep
  /** Repetitions begun, counted up to where more of them make no difference. */
  readonly count: number
  /** Branch of a choice; members taken, as a mask, of an any-order set. */
  readonly detail: number
}

/** What a walk from one taken event to the next has collected. */
interface Walk {
  /** Overrides the contiguity of the next step entered: the head of a group takes the group's. */
  readonly contiguity: EdgeContiguity | undefined
  readonly limitMs: number
  readonly banned: number
  readonly bannedNext: number
  readonly timed: readonly TimedAbsence[]
  /** Those of `banned` and `bannedNext` that no step follows, not even an optional one: they hold the end of the pattern back. */
  readonly ending: number
  readonly endingNext: number
  readonly greedy: number
  readonly greedyUntil: number
  /** The `until` of the repetition that the walk goes on with. */
  readonly closedBy: number
  readonly entered: readonly Sequence[]
}

const NOTHING: Walk = {
  contiguity: undefined,
  limitMs: Number.POSITIVE_INFINITY,
  banned: 0,
  bannedNext: 0,
  timed: [],
  ending: 0,
  endingNext: 0,
  greedy: 0,
  greedyUntil: 0,
  closedBy: 0,
  entered: [],
}

export const STATES_MAX = 20_000
/** Open edges of a partial match are bits of one number. */
export const EDGES_MAX = 30

export type BuiltGraph = Graph | { readonly tooLarge: 'states' | 'edges' }

/** Explores every state that a partial match can be in, in a fixed order: equal patterns give equal state numbers. */
export function buildGraph(tree: SequenceTree, conditionalMask: number): BuiltGraph {
  const levels: Array<Level | undefined> = [undefined]
  const names: string[] = ['start']
  const idByName = new Map<string, number>()
  const states: State[] = []

  const intern = (level: Level): number => {
    const name = nameOf(level)
    const known = idByName.get(name)
    if (known !== undefined) return known
    const id = levels.push(level) - 1
    names.push(name)
    idByName.set(name, id)
    return id
  }

  for (let id = 0; id < levels.length; id++) {
    if (levels.length > STATES_MAX) return { tooLarge: 'states' }
    const state = waysFrom(tree.root, levels[id], intern, id, names[id] ?? '')
    if (state.edges.length > EDGES_MAX) return { tooLarge: 'edges' }
    states.push(state)
  }
  return {
    states,
    withinMs: tree.root.withinMs,
    groupLimits: tree.groupLimits,
    conditionalMask,
    isAmbiguous: states.some(hasTwoWaysToOneSlot),
  }
}

function hasTwoWaysToOneSlot(state: State): boolean {
  let seen = 0
  return state.edges.some((edge) => {
    const again = (seen & edge.mask) !== 0
    seen |= edge.mask
    return again
  })
}

function nameOf(level: Level): string {
  const own = `${level.index}x${level.count}${level.detail === 0 ? '' : `:${level.detail}`}`
  return level.parent === undefined ? own : `${nameOf(level.parent)}/${own}`
}

function waysFrom(
  root: Sequence,
  from: Level | undefined,
  intern: (level: Level) => number,
  id: number,
  name: string,
): State {
  const edges = new Map<string, Edge>()
  let final = false
  let pending: Guards | undefined

  const addEdge = (target: Level, slots: readonly number[], walk: Walk): void => {
    const until = target.step.untilMask
    const held: number[] = []
    const enteredGroups: number[] = []
    let without = from === undefined ? 0 : root.withoutMask
    for (let level: Level | undefined = target; level !== undefined; level = level.parent) {
      const sequence = level.sequence
      if (walk.entered.includes(sequence)) {
        if (sequence.limitOrdinal >= 0) enteredGroups.push(sequence.limitOrdinal)
      } else if (sequence !== root) {
        without |= sequence.withoutMask
        if (sequence.limitOrdinal >= 0) held.push(sequence.limitOrdinal)
      }
    }
    const edge: Edge = {
      slots,
      mask: maskOf(slots),
      contiguity: walk.contiguity ?? RELAXED,
      greedy: walk.greedy,
      greedyUntil: walk.greedyUntil,
      until,
      closedBy: walk.closedBy,
      banned: walk.banned | without,
      bannedNext: walk.bannedNext,
      timed: walk.timed,
      limitMs: walk.limitMs,
      groupsHeld: held,
      groupsEntered: enteredGroups,
      target: intern(target),
    }
    edges.set(JSON.stringify(edge), edge)
  }

  const complete = (walk: Walk): void => {
    const timed: TimedAbsence[] = [...walk.timed]
    // An absence at the end lasts until the pattern ends: when the absences with an end of their own are over, else at the limit.
    const banned = timed.length > 0 ? walk.ending : 0
    if (walk.ending !== 0 && timed.length === 0) {
      if (root.withinMs === Number.POSITIVE_INFINITY) return
      timed.push({ mask: walk.ending })
    }
    if (timed.length === 0 && walk.endingNext === 0) final = true
    else pending = { banned, bannedNext: walk.endingNext, timed }
  }

  const enter = (level: Level, walk: Walk): void => {
    const step = level.step
    switch (step.kind) {
      case 'event':
        addEdge(level, step.slots, walk)
        return
      case 'any-order':
        for (const slot of step.slots) addEdge({ ...level, detail: 1 << slot }, [slot], walk)
        return
      case 'group':
        follow(level, step.sequence, 0, { ...walk, entered: [...walk.entered, step.sequence] }, true)
        return
      case 'choice':
        step.branches.forEach((branch, detail) => {
          follow({ ...level, detail }, branch, 0, { ...walk, entered: [...walk.entered, branch] }, true)
        })
    }
  }

  /** Goes on with the steps of `sequence` from `index`; `isNew`: nothing of this round has been taken yet. */
  const follow = (
    parent: Level | undefined,
    sequence: Sequence,
    index: number,
    start: Walk,
    isNew: boolean,
  ): void => {
    let walk = start
    for (let at = index; at < sequence.steps.length; at++) {
      const step = sequence.steps[at]
      if (step === undefined) break
      if (step.kind === 'absence') {
        if (step.forMs !== undefined)
          walk = { ...walk, timed: [...walk.timed, { mask: step.mask, forMs: step.forMs }] }
        else if (step.strict)
          walk = { ...walk, bannedNext: walk.bannedNext | step.mask, endingNext: walk.endingNext | step.mask }
        else walk = { ...walk, banned: walk.banned | step.mask, ending: walk.ending | step.mask }
        continue
      }
      enter(
        { parent, sequence, index: at, step, count: 1, detail: 0 },
        {
          ...walk,
          contiguity: walk.contiguity ?? step.contiguity,
          limitMs: Math.min(walk.limitMs, step.hopMs),
        },
      )
      if (!step.skippable) return
      walk = { ...passing(step, walk), contiguity: undefined, ending: 0, endingNext: 0 }
    }
    if (parent === undefined) complete(walk)
    else if (!isNew) {
      if (sequence.limitOrdinal >= 0 && walk.ending !== 0) {
        // The absence that ends a limited group lasts until the group's limit, as at the end of the whole.
        const lasting = { mask: walk.ending, group: sequence.limitOrdinal }
        walk = { ...walk, banned: walk.banned & ~walk.ending, ending: 0, timed: [...walk.timed, lasting] }
      }
      repeatOrLeave(parent, walk)
    }
  }

  /** A repetition of the level's step is done: once more, or on to what comes after it. */
  const repeatOrLeave = (level: Level, walk: Walk): void => {
    const step = level.step
    const repeat = (): void => {
      if (level.count >= step.max) return
      const isUnbounded = step.max === Number.POSITIVE_INFINITY
      const count = isUnbounded ? Math.min(level.count + 1, step.min) : level.count + 1
      enter(
        { ...level, count, detail: 0 },
        {
          ...walk,
          contiguity: step.inner,
          limitMs: Math.min(walk.limitMs, step.gapMs),
          closedBy: walk.closedBy | step.untilMask,
          banned: walk.banned | (step.kind === 'event' ? banAfter(level) : 0),
        },
      )
    }
    const leave = (): void => {
      if (level.count < step.min) return
      follow(level.parent, level.sequence, level.index + 1, passing(step, walk), false)
    }
    // The order of edges is the order of matches that share a start: a step is repeated before it is left.
    repeat()
    leave()
  }

  if (from === undefined) follow(undefined, root, 0, { ...NOTHING, contiguity: RELAXED }, true)
  else if (from.step.kind === 'any-order') {
    const { slots, atLeast } = from.step
    for (const slot of slots)
      if ((from.detail & (1 << slot)) === 0)
        addEdge({ ...from, detail: from.detail | (1 << slot) }, [slot], { ...NOTHING, contiguity: RELAXED })
    if (bitCount(from.detail) >= atLeast) repeatOrLeave(from, NOTHING)
  } else repeatOrLeave(from, NOTHING)

  return { id, name, edges: [...edges.values()], final: final && from !== undefined, pending }
}

/** Leaving or skipping a greedy step: what satisfies it may not be used for the next. */
const passing = (step: PositiveStep, walk: Walk): Walk =>
  step.greedy && step.kind === 'event' && step.min < step.max
    ? {
        ...walk,
        greedy: walk.greedy | maskOf(step.slots),
        greedyUntil: walk.greedyUntil | step.untilMask,
      }
    : walk

/** An absence right after a repeated step holds from the first event of the step. */
function banAfter(level: Level): number {
  let mask = 0
  for (let at = level.index + 1; at < level.sequence.steps.length; at++) {
    const step = level.sequence.steps[at]
    if (step === undefined || step.kind !== 'absence') break
    if (!step.strict && step.forMs === undefined) mask |= step.mask
  }
  return mask
}

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}
