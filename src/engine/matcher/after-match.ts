import type { AfterMatch, Match, StreamEvent } from '../model/index.ts'
import { compareEvents } from './taken.ts'

/** Which starts a match discards: those before `event`, with `inclusive` also the one at it. */
export interface Floor {
  readonly event: StreamEvent
  readonly inclusive: boolean
}

export const isBelow = (start: StreamEvent, floor: Floor): boolean => {
  const order = compareEvents(start, floor.event)
  return order < 0 || (order === 0 && floor.inclusive)
}

export type Skip =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'discard'; readonly floor: Floor }
  /** The step to skip to took nothing, or is the match's own first event, and the rule wants to know. */
  | { readonly kind: 'missed'; readonly step: string }

const NOTHING: Skip = { kind: 'nothing' }

/** What a match does to the partial and complete matches that overlap it. */
export function skipAfter(match: Match, afterMatch: AfterMatch, slots: readonly string[]): Skip {
  switch (afterMatch.kind) {
    case 'no-skip':
      return NOTHING
    case 'skip-to-next':
      return { kind: 'discard', floor: { event: match.first, inclusive: true } }
    case 'skip-past-last-event':
      return { kind: 'discard', floor: { event: match.last, inclusive: true } }
    case 'skip-to-first':
    case 'skip-to-last': {
      const taken = match.taken(slots.indexOf(afterMatch.step))
      const target = afterMatch.kind === 'skip-to-first' ? taken[0] : taken.at(-1)
      if (target === undefined || target === match.first) {
        if (afterMatch.orFail === true) return { kind: 'missed', step: afterMatch.step }
        if (target === undefined) return NOTHING
      }
      return { kind: 'discard', floor: { event: target, inclusive: false } }
    }
  }
}
