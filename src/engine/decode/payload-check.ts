import type { JsonValue } from '../model/index.ts'

export interface PayloadLimits {
  /** Of one payload, before it is parsed. */
  readonly payloadBytesMax: number
  readonly depthMax: number
  /** Of all objects and arrays of one payload together. */
  readonly membersMax: number
}

export const DEFAULT_PAYLOAD_LIMITS: PayloadLimits = {
  payloadBytesMax: 65_536,
  depthMax: 32,
  membersMax: 1000,
}

export type PayloadFault = 'payload-too-deep' | 'payload-too-many-members' | 'number-not-finite'

/** What is wrong with a parsed payload; undefined when nothing is. Linear, and over as soon as a limit is passed. */
export function payloadFault(value: JsonValue, limits: PayloadLimits): PayloadFault | undefined {
  const members = countMembers(value, limits.depthMax, limits.membersMax)
  if (members >= 0 && members <= limits.membersMax) return undefined
  if (members === TOO_DEEP) return 'payload-too-deep'
  return members === NOT_FINITE ? 'number-not-finite' : 'payload-too-many-members'
}

const TOO_DEEP = -1
const NOT_FINITE = -2

/** Members of `value` and below, at most a little over `budget`; negative for a fault. */
function countMembers(value: JsonValue, depth: number, budget: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === 0) return TOO_DEEP
  let members = 0
  if (Array.isArray(value)) {
    members = value.length
    if (members > budget) return members
    for (let index = 0; index < value.length; index++) {
      const inner = inspectMember(value[index] as JsonValue, depth, budget - members)
      if (inner < 0) return inner
      members += inner
    }
    return members
  }
  // JSON.parse makes own properties only and nothing on the way here has a prototype with enumerable members.
  for (const name in value) {
    if (++members > budget) return members
    const inner = inspectMember(value[name] as JsonValue, depth, budget - members)
    if (inner < 0) return inner
    members += inner
  }
  return members
}

function inspectMember(member: JsonValue, depth: number, budget: number): number {
  // 1e999 is valid JSON and reads as Infinity; `x - x` is 0 for every finite number and NaN for the others.
  if (typeof member === 'number') return member - member === 0 ? 0 : NOT_FINITE
  return typeof member === 'object' && member !== null ? countMembers(member, depth - 1, budget) : 0
}
