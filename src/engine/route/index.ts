export { describeSlots, type SlotRouting } from './describe.ts'
export { eventKey, type NoKey } from './event-key.ts'
export {
  canonicalKeyOf,
  canonicalPart,
  compositeKey,
  fnv1a32,
  isTooLong,
  type KeyFault,
  keyObject,
  keyParts,
  keyText,
  keyValue,
} from './key.ts'
export type { RouteSlot, RouteTarget } from './lane.ts'
export { Router, type RouteSpecification, type Routes, type SubjectPlan } from './router.ts'
export { SubjectTree, subjectMatches } from './subject-tree.ts'
