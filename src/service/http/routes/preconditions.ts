import type { Expectation } from '../../catalogue/index.ts'
import { type Answer, type Call, problem } from '../route.ts'

export const DRY_RUN = {
  type: 'boolean',
  default: false,
  description: 'Check and answer, store nothing.',
} as const
export const REASON = { type: 'string', maxLength: 1000, description: 'Why; kept with the version.' } as const
export const FORCE = {
  type: 'boolean',
  default: false,
  description: 'Replace whatever is there, instead of If-Match; also what another place manages.',
} as const

export const MANAGED_BY = {
  type: 'string',
  maxLength: 256,
  pattern: '^[a-z]+:[^\\s]+$',
  description:
    'Where the text is kept: git:repository@commit. A rule that another place manages is changed only with force.',
} as const
export const PARTIAL_MATCHES = {
  enum: ['keep', 'drain', 'drop'],
  description:
    'What becomes of partial matches of the version before: they go on under the new one, they are finished by the old one, they are given up. Default: keep where what is matched is the same, else drop.',
} as const

export const BREAK_GLASS = {
  type: 'boolean',
  default: false,
  description: 'An operator does without approval, with a reason; needs approvals.breakGlass.',
} as const

export const PRECONDITIONS = {
  type: 'object',
  properties: {
    'if-match': {
      type: 'string',
      maxLength: 64,
      description: 'The revision that is changed, in quotes; or *.',
    },
    'if-none-match': { type: 'string', maxLength: 64, description: '*: only if there is no such rule.' },
  },
} as const

export function expectationOf(call: Call, force = false): Expectation | undefined {
  const match = call.headers['if-match']?.trim()
  const noneMatch = call.headers['if-none-match']?.trim()
  if (match !== undefined && noneMatch !== undefined) return undefined
  if (noneMatch !== undefined) return noneMatch === '*' ? { kind: 'absent' } : undefined
  if (match === '*') return { kind: 'any' }
  if (match !== undefined) {
    const revision = /^"(\d{1,15})"$/.exec(match)?.[1]
    return revision === undefined ? undefined : { kind: 'revision', revision: Number(revision) }
  }
  return force ? { kind: 'any' } : { kind: 'unstated' }
}

export const badPrecondition = (): Answer =>
  problem(
    400,
    'precondition-not-accepted',
    'If-Match takes one revision in quotes or *, If-None-Match takes *',
    {
      hint: 'send If-Match: "7" with the revision from the ETag',
    },
  )
