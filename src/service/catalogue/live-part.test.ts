import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { livePartOf } from './live-part.ts'
import type { CandidatePut, RulePut, RuleRecord } from './record.ts'

const LIVE: RulePut = {
  kind: 'put',
  id: 'r',
  version: 4,
  status: 'live',
  format: 'yaml',
  source: 'rule: r',
  at: '2026-01-01T00:00:00.000Z',
  author: 'ann',
}
const CANDIDATE: CandidatePut = {
  id: 'r',
  version: 5,
  at: LIVE.at,
  share: 0,
  format: 'yaml',
  source: 'rule: r # next',
}
/** The next version of it, with the same text in force. */
const NEXT: RulePut = { ...LIVE, version: 5, textVersion: 4, at: '2026-01-02T00:00:00.000Z', author: 'bob' }

const later = (more: object): RuleRecord => ({ ...NEXT, ...more })

test.each<readonly [name: string, after: RuleRecord | undefined, changes: boolean]>([
  ['the same', NEXT, false],
  ['another place that keeps it', later({ managedBy: 'git:r@2' }), false],
  ['a candidate in shadow', later({ did: 'candidate', candidate: CANDIDATE }), false],
  ['a candidate that decides keys', later({ candidate: { ...CANDIDATE, share: 0.01 } }), true],
  ['a candidate whose share nobody can read', later({ candidate: { ...CANDIDATE, share: undefined } }), true],
  ['another text', later({ source: 'rule: r # other' }), true],
  ['another version in force, be it of the same text', { ...LIVE, version: 5 }, true],
  ['another status', later({ status: 'disabled' }), true],
  ['a removal', { kind: 'remove', id: 'r', version: 5, at: LIVE.at }, true],
  ['what a later version of the service writes', later({ sampled: 10 }), true],
  ['a kind that is not known', later({ kind: 'pause' }), true],
])('a live rule and %s', (_name, after, changes) => {
  expect(isDeepStrictEqual(livePartOf(LIVE), livePartOf(after))).toBe(!changes)
})

test.each(['draft', 'shadow', 'disabled'] as const)('nothing of a rule that is %s is live', (status) => {
  expect(livePartOf({ ...LIVE, status, candidate: { ...CANDIDATE, share: 50 } })).toBeUndefined()
})
