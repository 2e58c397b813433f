import type { ApiRole, Grant } from '../config/index.ts'

/** What a route lets its caller do. Every route names one; nothing is allowed by default. */
export type Access = 'public' | 'read' | 'ingest' | 'write' | 'approve' | 'operate'

const ALLOWED: Readonly<Record<ApiRole, readonly Access[]>> = {
  viewer: ['public', 'read'],
  producer: ['public', 'ingest'],
  author: ['public', 'read', 'ingest', 'write'],
  approver: ['public', 'read', 'approve'],
  operator: ['public', 'read', 'ingest', 'write', 'approve', 'operate'],
}

/** The roles that may. */
export const rolesFor = (access: Access): readonly string[] =>
  Object.entries(ALLOWED).flatMap(([role, accesses]) => (accesses.includes(access) ? [role] : []))

export const EVERYTHING: readonly Grant[] = [{ role: 'operator', namespaces: ['*'] }]

/** Whether something may be done in some namespace at all. */
export const mayAnywhere = (grants: readonly Grant[], access: Access): boolean =>
  access === 'public' || grants.some(({ role }) => ALLOWED[role].includes(access))

/** Whether it may be done to what belongs to no namespace, and to all of them. */
export const mayEverywhere = (grants: readonly Grant[], access: Access): boolean =>
  access === 'public' ||
  grants.some(({ role, namespaces }) => namespaces.includes('*') && ALLOWED[role].includes(access))

/** Whether it may be done to a rule of the namespace; undefined: a rule whose namespace is not known. */
export const mayIn = (grants: readonly Grant[], access: Access, namespace: string | undefined): boolean =>
  mayEverywhere(grants, access) ||
  (namespace !== undefined &&
    grants.some(({ role, namespaces }) => namespaces.includes(namespace) && ALLOWED[role].includes(access)))
