import type { Run } from './run.ts'
import { compareEvents } from './taken.ts'
import type { Taken } from './taken-node.ts'

/**
 * The order in which the partial matches of a key are kept and asked: by first event; what grew out of a partial match stands before it,
 * the one that took the earlier event first, and over one event the one over the earlier way. 0 only for one and the same.
 */
export function compareRuns(left: Run, right: Run): number {
  if (left === right) return 0
  const order = compareEvents(left.first, right.first)
  return order !== 0 ? order : comparePlaces(left.last, right.last)
}

function comparePlaces(left: Taken, right: Taken): number {
  const leftLength = lengthOf(left)
  const rightLength = lengthOf(right)
  // A longer one that goes on from the other stands before it, so the nodes where they part are those below their common one.
  let one: Taken | undefined = left
  let other: Taken | undefined = right
  let apart = 0
  for (let extra = leftLength - rightLength; extra > 0; extra--) one = one?.previous
  for (let extra = rightLength - leftLength; extra > 0; extra--) other = other?.previous
  while (one !== undefined && other !== undefined && one !== other) {
    const order = compareEvents(one.event, other.event) || one.way - other.way
    if (order !== 0) apart = order
    one = one.previous
    other = other.previous
  }
  return apart !== 0 ? apart : rightLength - leftLength
}

function lengthOf(last: Taken): number {
  let length = 0
  for (let node: Taken | undefined = last; node !== undefined; node = node.previous) length++
  return length
}
