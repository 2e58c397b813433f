import type { Expression, Frame } from '../model/index.ts'
import { canonicalPart, type KeyFault, keyOfParts } from './key.ts'

/** Why an event has no usable key. */
export interface NoKey {
  readonly fault: KeyFault
}

const FAILED: NoKey = { fault: 'key-error' }
const MISSING: NoKey = { fault: 'key-missing' }
const NOT_SCALAR: NoKey = { fault: 'key-not-scalar' }

/** The canonical text of one part of an event's key. */
export function eventKeyPart(expression: Expression, frame: Frame): string | NoKey {
  const evaluation = expression.evaluate(frame)
  if (!evaluation.ok) return FAILED
  const { value } = evaluation
  return canonicalPart(value) ?? (value === undefined || value === null ? MISSING : NOT_SCALAR)
}

/** The canonical key of an event, however long it is. */
export function eventKey(expressions: readonly Expression[], frame: Frame): string | NoKey {
  const parts: string[] = []
  for (const expression of expressions) {
    const part = eventKeyPart(expression, frame)
    if (typeof part !== 'string') return part
    parts.push(part)
  }
  return keyOfParts(parts)
}
