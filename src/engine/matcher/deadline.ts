import type { StreamEvent } from '../model/index.ts'
import { compareEvents } from './taken.ts'

/** When a key has something to do. It may be out of date; who takes it looks at the key's state. */
export interface Deadline {
  readonly time: number
  /** First event of the partial match that it is for. */
  readonly first: StreamEvent
  readonly key: string
}

/** By time, first event and key, so that the order of firing does not depend on how deadlines came in. */
export const isDueBefore = (left: Deadline, right: Deadline): boolean => {
  if (left.time !== right.time) return left.time < right.time
  const order = compareEvents(left.first, right.first)
  return order !== 0 ? order < 0 : left.key < right.key
}
