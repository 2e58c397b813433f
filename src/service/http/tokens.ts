import { readFileSync } from 'node:fs'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { ClaimGrant, Grant, JwtConfig } from '../config/index.ts'
import { ServiceError } from '../service-error.ts'

export type Verified =
  | { readonly ok: true; readonly id: string; readonly grants: readonly Grant[] }
  /** Why not, in words that give nothing away. */
  | { readonly ok: false; readonly reason: string }

/** Whose token it is, and what it gives. Throws ServiceError `identity-provider-unreachable`. */
export type VerifyToken = (token: string, now: number) => Promise<Verified>

const KEYS_AGE_MS_MAX = 10 * 60_000
/** Unknown keys make the provider's set be fetched again, but not more often than this. */
const REFETCH_MS = 30_000
const FETCH_MS_MAX = 5_000
const SUBJECT_LENGTH_MAX = 200

/** Three parts of base64url: a signed token, and no API key. */
export const isToken = (presented: string): boolean =>
  /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/.test(presented)

export function tokenVerifier(
  config: JwtConfig,
  { refetchMs = REFETCH_MS }: { readonly refetchMs?: number } = {},
): VerifyToken {
  const keys = keysOf(config, refetchMs)
  return async (token, now) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: [...config.algorithms],
        clockTolerance: config.clockToleranceMs / 1000,
        currentDate: new Date(now),
        requiredClaims: ['exp'],
      })
      return verifiedOf(payload, config)
    } catch (error) {
      if (isTokenFault(error)) return { ok: false, reason: reasonOf(error) }
      throw new ServiceError(
        'identity-provider-unreachable',
        'the keys of the identity provider cannot be had',
        {
          hint: 'check auth.jwt.jwksUrl, and that it answers from here',
          cause: error,
        },
      )
    }
  }
}

function keysOf(config: JwtConfig, refetchMs: number) {
  if (config.keys.kind === 'remote')
    return createRemoteJWKSet(new URL(config.keys.url), {
      cacheMaxAge: KEYS_AGE_MS_MAX,
      cooldownDuration: refetchMs,
      timeoutDuration: FETCH_MS_MAX,
    })
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(config.keys.path, 'utf8')))
  } catch (cause) {
    throw new ServiceError('identity-keys-not-readable', 'auth.jwt.jwksFile is not a JSON Web Key Set', {
      hint: 'save what the identity provider answers at its jwks_uri',
      cause,
    })
  }
}

function verifiedOf(payload: JWTPayload, config: JwtConfig): Verified {
  const subject = payload[config.subjectClaim]
  if (typeof subject !== 'string' || !isName(subject))
    return { ok: false, reason: 'the token does not say whose it is' }
  const grants = config.grants.filter((grant) => holds(claimOf(payload, grant.claim), grant))
  // Never the id of an API key: those have no colon.
  return { ok: true, id: `jwt:${subject}`, grants }
}

const isName = (text: string): boolean =>
  text !== '' && text.length <= SUBJECT_LENGTH_MAX && !/\p{Cc}/u.test(text)

/** The claim of that name, or the one at the end of the path. */
function claimOf(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  let value: unknown = payload
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

/** A list holds its items; a text is itself, or words as in `scope`. */
function holds(claim: unknown, { value }: ClaimGrant): boolean {
  if (Array.isArray(claim)) return claim.includes(value)
  return typeof claim === 'string' && (claim === value || claim.split(' ').includes(value))
}

/** What is wrong with the token, rather than with the way to the provider. */
const isTokenFault = (error: unknown): error is errors.JOSEError =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout) &&
  !(error instanceof errors.JWKSInvalid) &&
  error.code !== 'ERR_JOSE_GENERIC'

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the token is not for this service: ${error.claim}`
  return 'the token is not signed by a key that is accepted'
}
