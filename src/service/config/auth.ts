import type { Add } from './codes.ts'
import type { ApiRole, AuthConfig } from './config.ts'
import { isLoopback } from './loopback.ts'
import { durationOf } from './units.ts'

interface RawGrant {
  readonly role: ApiRole
  readonly namespaces: readonly string[]
}

/** `auth` after the schema check. */
export interface RawAuth {
  readonly apiKeys: ReadonlyArray<
    RawGrant & { readonly id: string; readonly hash: string; readonly expires?: string }
  >
  readonly jwt?: {
    readonly issuer: string
    readonly audience: string
    readonly jwksUrl?: string
    readonly jwksFile?: string
    readonly algorithms: readonly string[]
    readonly clockTolerance: string
    readonly subjectClaim: string
    readonly grants: ReadonlyArray<RawGrant & { readonly claim: string; readonly value: string }>
  }
}

/** Keys of one id that are valid at a time: the old one and the new one. */
const KEYS_PER_ID_MAX = 2

/** What a schema cannot say of `auth`. */
export function checkAuth(auth: RawAuth, add: Add): void {
  const seen = new Map<string, RawGrant[]>()
  for (const [index, key] of auth.apiKeys.entries()) {
    const others = seen.get(key.id) ?? []
    seen.set(key.id, [...others, key])
    const place = ['auth', 'apiKeys', String(index), 'id']
    if (others.length >= KEYS_PER_ID_MAX)
      add(
        'config-conflict',
        place,
        `more than two API keys are called ${key.id}`,
        'take out the oldest: an old and a new key are enough to replace one',
      )
    else if (others.some((other) => !sameGrant(other, key)))
      add(
        'config-conflict',
        place,
        `two API keys are called ${key.id} and may do different things`,
        'give them the same role and namespaces, or different ids',
      )
  }
  const { jwt } = auth
  if (jwt === undefined) return
  if ((jwt.jwksUrl === undefined) === (jwt.jwksFile === undefined))
    add(
      'config-conflict',
      ['auth', 'jwt'],
      'auth.jwt needs either jwksUrl or jwksFile',
      'give one of them: where the keys of the identity provider are',
    )
  if (jwt.jwksUrl !== undefined && !isSafeUrl(jwt.jwksUrl))
    add(
      'config-wrong-value',
      ['auth', 'jwt', 'jwksUrl'],
      'auth.jwt.jwksUrl would fetch keys unprotected over the network',
      'use https; http only on this machine',
    )
}

const sameGrant = (left: RawGrant, right: RawGrant): boolean =>
  left.role === right.role && left.namespaces.toSorted().join() === right.namespaces.toSorted().join()

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname)
}

export function resolveAuth({ apiKeys, jwt }: RawAuth, absolute: (path: string) => string): AuthConfig {
  return {
    apiKeys: apiKeys.map(({ id, hash, role, namespaces, expires }) => ({
      id,
      hash,
      grants: [{ role, namespaces }],
      expiresAt: expires === undefined ? undefined : Date.parse(expires),
    })),
    jwt:
      jwt === undefined
        ? undefined
        : {
            issuer: jwt.issuer,
            audience: jwt.audience,
            keys:
              jwt.jwksUrl === undefined
                ? { kind: 'file', path: absolute(jwt.jwksFile ?? '') }
                : { kind: 'remote', url: jwt.jwksUrl },
            algorithms: jwt.algorithms,
            clockToleranceMs: durationOf(jwt.clockTolerance),
            subjectClaim: jwt.subjectClaim,
            grants: jwt.grants,
          },
  }
}
