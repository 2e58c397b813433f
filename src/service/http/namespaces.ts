import type { StoredSilence } from '../desk/index.ts'
import type { Access } from './grants.ts'
import { mayEverywhere, mayIn } from './grants.ts'
import type { Answer, Caller, Route } from './route.ts'
import { problem } from './route.ts'
import type { Services } from './services.ts'

export const notInNamespace = (namespace: string | undefined): Answer =>
  problem(403, 'namespace-not-allowed', `this caller may not do this in ${nameOf(namespace)}`, {
    hint: 'an operator of the service gives a role for that namespace',
  })

const nameOf = (namespace: string | undefined): string =>
  namespace === undefined ? 'a namespace that is not known' : `the namespace ${namespace}`

/**
 * Why the caller may not do this to the rule; undefined: it may, or there is no such rule. A rule that once was in another namespace is
 * only for those who may do it in both: its versions hold the old text.
 */
export async function refuseRule(
  caller: Caller,
  access: Access,
  id: string,
  { catalogue }: Pick<Services, 'catalogue'>,
): Promise<Answer | undefined> {
  if (mayEverywhere(caller.grants, access)) return undefined
  for (const { record } of (await catalogue.versions(id)) ?? [])
    if (record.kind === 'put' && !mayIn(caller.grants, access, record.summary?.namespace))
      return notInNamespace(record.summary?.namespace)
  return undefined
}

/** The same for every route at the address of a rule, before it does anything. */
export const refuseByAddress = async (
  route: Route,
  params: unknown,
  caller: Caller,
  services: Services,
): Promise<Answer | undefined> =>
  route.path.startsWith('/v1/rules/{id}')
    ? refuseRule(caller, route.access, (params as { readonly id: string }).id, services)
    : undefined

/** Whether alerts are of rules that the caller may see; undefined: it may see all. Of rules as they are now. */
export async function alertFilterOf(
  caller: Caller,
  { catalogue }: Pick<Services, 'catalogue'>,
): Promise<((alert: Readonly<Record<string, unknown>>) => boolean) | undefined> {
  if (mayEverywhere(caller.grants, 'read')) return undefined
  const rules = await catalogue.list()
  const seen = new Set(
    rules
      .filter(({ record }) => mayIn(caller.grants, 'read', record.summary?.namespace))
      .map(({ record }) => record.id),
  )
  return (alert) => {
    const rule = ruleOfAlert(alert)
    return rule !== undefined && seen.has(rule)
  }
}

export function ruleOfAlert(alert: Readonly<Record<string, unknown>>): string | undefined {
  const { rule } = (alert['data'] ?? {}) as { readonly rule?: unknown }
  return typeof rule === 'string' ? rule : undefined
}

/** Whether the caller may do this to one alert. */
export async function mayTouchAlert(
  caller: Caller,
  access: Access,
  alert: Readonly<Record<string, unknown>>,
  { catalogue }: Pick<Services, 'catalogue'>,
): Promise<boolean> {
  if (mayEverywhere(caller.grants, access)) return true
  const rule = ruleOfAlert(alert)
  const stored = rule === undefined ? undefined : await catalogue.get(rule)
  return stored !== undefined && mayIn(caller.grants, access, stored.record.summary?.namespace)
}

/** A silence is in the namespace that it names, or in that of the rule that it names; others touch everything. */
export async function mayTouchSilence(
  caller: Caller,
  access: Access,
  match: StoredSilence['record']['match'],
  { catalogue }: Pick<Services, 'catalogue'>,
): Promise<boolean> {
  if (mayEverywhere(caller.grants, access)) return true
  if (match.namespace !== undefined) return mayIn(caller.grants, access, match.namespace)
  const stored = match.rule === undefined ? undefined : await catalogue.get(match.rule)
  return stored !== undefined && mayIn(caller.grants, access, stored.record.summary?.namespace)
}
