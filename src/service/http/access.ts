import type { FastifyRequest } from 'fastify'
import { findApiKey, isLoopback } from '../config/index.ts'
import { type Access, EVERYTHING, mayAnywhere, mayEverywhere, rolesFor } from './grants.ts'
import type { HttpProblem } from './problem.ts'
import type { Caller, Route } from './route.ts'
import type { ApiOptions } from './services.ts'
import { isToken, type VerifyToken } from './tokens.ts'

export type Admission =
  | { readonly ok: true; readonly caller: Caller }
  /** `who`: the caller, when it is known who called. */
  | { readonly ok: false; readonly problem: HttpProblem; readonly who?: string }

export interface AdmissionOptions {
  readonly apiKeys: ApiOptions['apiKeys']
  /** Absent: no tokens are accepted. */
  readonly verifyToken: VerifyToken | undefined
  /** Origins of pages that may call, besides its own. */
  readonly corsOrigins: readonly string[]
  readonly now: number
}

const refuse = (
  status: number,
  code: string,
  detail: string,
  rest: Partial<HttpProblem> = {},
): Extract<Admission, { ok: false }> => ({ ok: false, problem: { status, code, detail, ...rest } })

const NOBODY: Caller = { id: undefined, grants: [] }

/**
 * Who calls, and whether the route is for them. Without keys and tokens the service listens on loopback only, for everybody there.
 * What a caller may do only in some namespaces is decided where the namespace is known.
 */
export async function admit(
  request: FastifyRequest,
  route: Pick<Route, 'access' | 'scope'> | undefined,
  options: AdmissionOptions,
): Promise<Admission> {
  const crossing = crossOrigin(request, options.corsOrigins)
  if (crossing !== undefined) return { ok: false, problem: crossing }
  if (options.apiKeys.length === 0 && options.verifyToken === undefined) {
    // A page that points its own name at 127.0.0.1 would otherwise read the API through the browser of whoever visits it.
    if (!isLoopback(hostName(request.headers.host)))
      return refuse(421, 'host-not-accepted', 'without API keys only localhost is answered', {
        hint: 'call http://127.0.0.1, or configure auth.apiKeys',
      })
    return { ok: true, caller: { id: undefined, grants: EVERYTHING } }
  }
  if (route === undefined || route.access === 'public') return { ok: true, caller: NOBODY }
  const identified = await identify(request.headers.authorization, options)
  return identified.ok ? allow(identified.caller, route.access, route.scope ?? 'service') : identified
}

async function identify(
  header: string | undefined,
  { apiKeys, verifyToken, now }: AdmissionOptions,
): Promise<Admission> {
  const presented = /^Bearer ([\x21-\x7e]{1,8192})$/i.exec(header ?? '')?.[1]
  if (presented === undefined)
    return unauthenticated(
      header === undefined ? 'key-missing' : 'key-not-accepted',
      'an API key or a token is needed',
    )
  if (verifyToken !== undefined && isToken(presented)) {
    const verified = await verifyToken(presented, now)
    return verified.ok
      ? { ok: true, caller: { id: verified.id, grants: verified.grants } }
      : unauthenticated('token-not-accepted', verified.reason)
  }
  const key = findApiKey(apiKeys, presented, now)
  return key === undefined
    ? unauthenticated('key-not-accepted', 'the API key is not known here, or has expired')
    : { ok: true, caller: { id: key.id, grants: key.grants } }
}

const unauthenticated = (code: string, detail: string): Admission =>
  refuse(401, code, detail, {
    hint: 'send the header authorization: Bearer <key or token>',
    headers: { 'www-authenticate': 'Bearer realm="sequitur"' },
  })

function allow(caller: Caller, access: Access, scope: 'service' | 'namespace'): Admission {
  const who = caller.id === undefined ? {} : { who: caller.id }
  if (!mayAnywhere(caller.grants, access)) {
    const roles = [...new Set(caller.grants.map(({ role }) => role))]
    const detail =
      roles.length === 0
        ? 'no role was given to this caller'
        : `the role ${roles.join(' or ')} may not do this`
    const hint = `it takes the role ${rolesFor(access).join(' or ')}`
    return { ...refuse(403, 'role-not-allowed', detail, { hint }), ...who }
  }
  if (scope === 'service' && !mayEverywhere(caller.grants, access))
    return {
      ...refuse(403, 'namespace-not-allowed', 'this is for those whose role is for all namespaces', {
        hint: 'an operator of the service gives a role for the namespace *',
      }),
      ...who,
    }
  return { ok: true, caller }
}

/** A browser sends Origin with every request that could change something; other pages have no business here. */
function crossOrigin(request: FastifyRequest, allowed: readonly string[]): HttpProblem | undefined {
  const { origin, host } = request.headers
  if (origin === undefined) return undefined
  if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return undefined
  if (allowed.includes(origin)) return undefined
  return {
    status: 403,
    code: 'origin-not-allowed',
    detail: 'requests from other origins are not answered',
    hint: 'pages that may call are listed in http.corsOrigins',
  }
}

const hostName = (host: string | undefined): string => (host ?? '').replace(/:\d+$/, '')
