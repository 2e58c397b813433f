import type { AuditEntry } from '../audit/index.ts'
import { RefusalCounter } from '../audit/index.ts'
import type { HttpProblem } from './problem.ts'
import type { Answer, AuditNote, Call, Route } from './route.ts'
import type { Services } from './services.ts'

/** Whether a request through the route changes something that somebody will ask about later. Events are the log itself. */
const changes = (route: Route): boolean =>
  route.method !== 'GET' && ['write', 'approve', 'operate'].includes(route.access)

/** What is known of a request before it is done. */
export interface Before {
  readonly version: number | undefined
}

export async function beforeChange(route: Route, call: Call, { catalogue }: Services): Promise<Before> {
  if (!changes(route) || !route.path.startsWith('/v1/rules/{id}')) return { version: undefined }
  const { id } = call.params as { readonly id: string }
  return { version: (await catalogue.get(id))?.record.version }
}

/** Records what a request did; resolves when that is stored. A dry run did nothing. */
export async function auditAnswer(
  route: Route,
  call: Call,
  answer: Exclude<Answer, { kind: 'stream' }>,
  { services, before }: { readonly services: Services; readonly before: Before },
): Promise<void> {
  const refused = answer.kind === 'problem' && answer.problem.status === 403
  if (!changes(route) || refused) return
  const { dryRun, reason: asked } = (call.query ?? {}) as { dryRun?: boolean; reason?: string }
  if (dryRun === true) return
  // What is noted of an alert stays with the alert, where it can be erased.
  const body = (call.body ?? {}) as Readonly<Record<'reason' | 'why' | 'comment', unknown>>
  const reason = asked ?? [body.reason, body.why, body.comment].find((text) => typeof text === 'string')
  // What was made has an address of its own; a proposal is named beside the rule that it is of.
  const isMade = answer.kind === 'data' && answer.audit?.proposal === undefined
  const made = isMade ? answer.headers?.['location'] : undefined
  await services.audit.append({
    actor: call.caller.id ?? 'local',
    action: route.operation,
    object: made ?? pathOf(call.url),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(before.version === undefined ? {} : { before: before.version }),
    ...outcomeOf(answer),
  })
}

function outcomeOf(
  answer: Exclude<Answer, { kind: 'stream' }>,
): Pick<AuditEntry, 'outcome' | 'status' | 'code' | 'after' | 'changes' | 'keyHash'> & AuditNote {
  if (answer.kind === 'problem')
    return { outcome: 'failed', status: answer.problem.status, code: answer.problem.code }
  const done = { outcome: 'done', status: answer.status } as const
  if (answer.kind !== 'data') return done
  const { version, rules, keyHash } = answer.data as {
    version?: unknown
    rules?: AuditEntry['changes']
    keyHash?: unknown
  }
  if (typeof keyHash === 'string') return { ...done, keyHash }
  return {
    ...done,
    ...(typeof version === 'number' ? { after: version } : {}),
    ...(Array.isArray(rules) ? { changes: rules } : {}),
    ...answer.audit,
  }
}

/** Records who was refused (401, 403 and 429), the same only once a minute. Never waits, and never fails the request. */
export function refusalAudit(
  services: Services,
): (who: string, route: Route | undefined, problem: HttpProblem, url: string) => void {
  const counter = new RefusalCounter()
  return (who, route, { status, code }, url) => {
    if (status !== 401 && status !== 403 && status !== 429) return
    const action = route?.operation ?? 'none'
    const repeated = counter.admit(JSON.stringify([who, action, code]), services.now())
    if (repeated === undefined) return
    const entry: AuditEntry = { actor: who, action, object: pathOf(url), outcome: 'refused', status, code }
    // A process without the API has no audit log, and nothing to refuse.
    services.audit
      ?.append(repeated === 0 ? entry : { ...entry, repeated })
      .catch((error: unknown) => services.log.error({ error }, 'a refused request could not be recorded'))
  }
}

/** Without the query: values that people look for may stand there. */
const pathOf = (url: string): string => (url.split('?', 1)[0] ?? '').slice(0, 512)
