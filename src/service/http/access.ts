import type { FastifyRequest } from 'fastify'
import { type ApiKeyConfig, type ApiRole, findApiKey, isLoopback } from '../config/index.ts'
import type { HttpProblem } from './problem.ts'
import type { Access, Caller } from './route.ts'

const ALLOWED: Readonly<Record<ApiRole, readonly Access[]>> = {
  viewer: ['public', 'read'],
  producer: ['public', 'ingest'],
  author: ['public', 'read', 'ingest', 'write'],
  operator: ['public', 'read', 'ingest', 'write', 'operate'],
}

export type Admission =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly problem: HttpProblem }

const refuse = (
  status: number,
  code: string,
  detail: string,
  rest: Partial<HttpProblem> = {},
): Admission => ({ ok: false, problem: { status, code, detail, ...rest } })

/** Who calls, and whether the route is for them. Without configured keys the service listens on loopback only, for everybody there. */
export function admit(
  request: FastifyRequest,
  access: Access,
  keys: readonly ApiKeyConfig[],
  now: number,
): Admission {
  const crossing = crossOrigin(request)
  if (crossing !== undefined) return { ok: false, problem: crossing }
  if (keys.length === 0) {
    // A page that points its own name at 127.0.0.1 would otherwise read the API through the browser of whoever visits it.
    if (!isLoopback(hostName(request.headers.host)))
      return refuse(421, 'host-not-accepted', 'without API keys only localhost is answered', {
        hint: 'call http://127.0.0.1, or configure auth.apiKeys',
      })
    return { ok: true, caller: { id: undefined, role: 'operator' } }
  }
  if (access === 'public') return { ok: true, caller: { id: undefined, role: 'viewer' } }
  const header = request.headers.authorization
  const presented = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1]
  const key = presented === undefined ? undefined : findApiKey(keys, presented, now)
  if (key === undefined)
    return refuse(401, header === undefined ? 'key-missing' : 'key-not-accepted', 'an API key is needed', {
      hint: 'send the header authorization: Bearer <key>',
      headers: { 'www-authenticate': 'Bearer realm="sequitur"' },
    })
  if (!ALLOWED[key.role].includes(access))
    return refuse(403, 'role-not-allowed', `a ${key.role} may not do this`)
  return { ok: true, caller: { id: key.id, role: key.role } }
}

/** A browser sends Origin with every request that could change something; other pages have no business here. */
function crossOrigin(request: FastifyRequest): HttpProblem | undefined {
  const { origin, host } = request.headers
  if (origin === undefined) return undefined
  if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return undefined
  return { status: 403, code: 'origin-not-allowed', detail: 'requests from other origins are not answered' }
}

const hostName = (host: string | undefined): string => (host ?? '').replace(/:\d+$/, '')
