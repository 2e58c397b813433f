import type { RawAuth } from './auth.ts'
import type { Add } from './codes.ts'
import type { ApprovalsConfig } from './config.ts'
import { durationOf } from './units.ts'

/** `approvals` after the schema check. */
export interface RawApprovals {
  readonly needed: number
  readonly namespaces: readonly string[]
  readonly expireAfter: string
  readonly breakGlass: boolean
}

const EXPIRE_DAYS_MAX = 90
const DAY_MS = 86_400_000

/** What a schema cannot say of `approvals`: there must be enough others, and the service must know who is who. */
export function checkApprovals(
  { needed, expireAfter }: RawApprovals,
  { apiKeys, jwt }: RawAuth,
  add: Add,
): void {
  const expireAfterMs = durationOf(expireAfter)
  if (expireAfterMs <= 0 || expireAfterMs > EXPIRE_DAYS_MAX * DAY_MS)
    add(
      'config-wrong-value',
      ['approvals', 'expireAfter'],
      `approvals.expireAfter is ${expireAfter}`,
      `a proposal waits for some time, and at most ${EXPIRE_DAYS_MAX} days`,
    )
  // Who a token belongs to is for the identity provider to say.
  if (needed === 0 || jwt !== undefined) return
  const approvers = new Set(
    apiKeys.filter(({ role }) => role === 'approver' || role === 'operator').map(({ id }) => id),
  )
  if (approvers.size < needed)
    add(
      'config-conflict',
      ['approvals', 'needed'],
      `${needed} others must approve, and ${approvers.size} of the API keys may`,
      'add keys with the role approver, or auth.jwt',
    )
}

export const resolveApprovals = ({
  needed,
  namespaces,
  expireAfter,
  breakGlass,
}: RawApprovals): ApprovalsConfig => ({
  needed,
  namespaces,
  expireAfterMs: durationOf(expireAfter),
  breakGlass,
})
