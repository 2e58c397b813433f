import { fuel } from '../expression/index.ts'
import type { Expression, Frame, StreamEvent } from '../model/index.ts'
import { eventKeyPart } from './event-key.ts'
import { type FieldTable, NUMBER, readField, TEXT } from './field.ts'
import { canonicalPart, isTooLong, keyOfParts } from './key.ts'
import type { KeyGroup } from './lane.ts'

/** Lanes beyond this many in a group are found through the group's live keys. */
export const DIRECT_LANES_MAX = 8

export const keyGroup = (
  { id, number }: Pick<KeyGroup, 'id' | 'number'>,
  expressions: readonly Expression[],
  fields: FieldTable,
): KeyGroup => ({
  id,
  number,
  expressions,
  fields: expressions.map(({ source }) => {
    const path = plainPath(source)
    return path === undefined ? undefined : fields.acquire(path)
  }),
  lanes: 0,
  directLanes: 0,
  live: new Map(),
  stamp: -1,
  key: undefined,
  fault: undefined,
  fuel: 0,
})

/** The path of an expression that is nothing but one, and not of the event itself. */
function plainPath(source: string): readonly string[] | undefined {
  const text = source.trim()
  return /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$/.test(text) && !WORDS.test(text) ? text.split('.') : undefined
}

/** Names that mean something else to the language. */
const WORDS = /(?:^|\.)(?:and|or|in|true|false|null|function)(?:\.|$)/

export const keyGroupId = (expressions: readonly Expression[]): string =>
  expressions.map((expression) => expression.source).join('\n')

/** The event's key in this group; undefined leaves the reason in `fault`. */
export function keyOf(group: KeyGroup, stamp: number, frame: Frame): string | undefined {
  if (group.stamp === stamp) return group.key
  group.stamp = stamp
  group.fault = undefined
  const before = fuel.used
  group.key = computeKey(group, frame)
  group.fuel = fuel.used - before
  if (group.key !== undefined && isTooLong(group.key)) {
    group.key = undefined
    group.fault = 'key-too-long'
  }
  return group.key
}

function computeKey(group: KeyGroup, frame: Frame): string | undefined {
  const { expressions } = group
  if (expressions.length === 1) return computePart(group, 0, frame)
  const parts: string[] = []
  for (let index = 0; index < expressions.length; index++) {
    const part = computePart(group, index, frame)
    if (part === undefined) return undefined
    parts.push(part)
  }
  return keyOfParts(parts)
}

function computePart(group: KeyGroup, index: number, frame: Frame): string | undefined {
  const field = group.fields[index]
  if (field !== undefined) {
    if (field.stamp !== group.stamp) readField(field, group.stamp, (frame.event as StreamEvent).data)
    if (field.kind === TEXT || field.kind === NUMBER) return canonicalPart(field.value)
  }
  const part = eventKeyPart(group.expressions[index] as Expression, frame)
  if (typeof part === 'string') return part
  group.fault = part.fault
  return undefined
}

/** Notes that a lane has state for a key. */
export function markLive(group: KeyGroup, key: string, lane: number): void {
  const lanes = group.live.get(key)
  if (lanes === undefined) group.live.set(key, new Set([lane]))
  else lanes.add(lane)
}

export function markIdle(group: KeyGroup, key: string, lane: number): void {
  const lanes = group.live.get(key)
  if (lanes === undefined) return
  lanes.delete(lane)
  if (lanes.size === 0) group.live.delete(key)
}
