import type { Expression, Frame } from '../model/index.ts'
import { canonicalPart, compositeKey, isTooLong } from './key.ts'
import type { KeyGroup, Lane } from './lane.ts'

/** Lanes beyond this many in a group are found through the group's live keys. */
export const DIRECT_LANES_MAX = 8

export const keyGroup = (id: string, expressions: readonly Expression[]): KeyGroup => ({
  id,
  expressions,
  lanes: 0,
  directLanes: 0,
  live: new Map(),
  stamp: -1,
  key: undefined,
  fault: undefined,
})

export const keyGroupId = (expressions: readonly Expression[]): string =>
  expressions.map((expression) => expression.source).join('\n')

/** The event's key in this group; undefined leaves the reason in `fault`. */
export function keyOf(group: KeyGroup, stamp: number, frame: Frame): string | undefined {
  if (group.stamp === stamp) return group.key
  group.stamp = stamp
  group.fault = undefined
  group.key = computeKey(group, frame)
  if (group.key !== undefined && isTooLong(group.key)) {
    group.key = undefined
    group.fault = 'key-too-long'
  }
  return group.key
}

function computeKey(group: KeyGroup, frame: Frame): string | undefined {
  const { expressions } = group
  if (expressions.length === 1) return computePart(group, expressions[0] as Expression, frame)
  const parts: string[] = []
  for (const expression of expressions) {
    const part = computePart(group, expression, frame)
    if (part === undefined) return undefined
    parts.push(part)
  }
  return compositeKey(parts)
}

function computePart(group: KeyGroup, expression: Expression, frame: Frame): string | undefined {
  const evaluation = expression.evaluate(frame)
  if (!evaluation.ok) {
    group.fault = 'key-error'
    return undefined
  }
  const part = canonicalPart(evaluation.value)
  if (part === undefined) {
    const absent = evaluation.value === undefined || evaluation.value === null
    group.fault = absent ? 'key-missing' : 'key-not-scalar'
  }
  return part
}

/** Notes that a lane has state for a key. */
export function markLive(group: KeyGroup, key: string, lane: Lane): void {
  const lanes = group.live.get(key)
  if (lanes === undefined) group.live.set(key, new Set([lane]))
  else lanes.add(lane)
}

export function markIdle(group: KeyGroup, key: string, lane: Lane): void {
  const lanes = group.live.get(key)
  if (lanes === undefined) return
  lanes.delete(lane)
  if (lanes.size === 0) group.live.delete(key)
}
