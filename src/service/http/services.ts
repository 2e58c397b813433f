import type { AuditLog } from '../audit/index.ts'
import type { Catalogue, ProposalDesk, RuleCompiler } from '../catalogue/index.ts'
import type { ApiKeyConfig, HttpConfig, JwtConfig } from '../config/index.ts'
import type { ListDesk, SilenceDesk, StateDesk } from '../desk/index.ts'
import type { ErasureDesk } from '../erasure/index.ts'
import type { InvestigationPorts } from '../history/index.ts'
import type { Replays } from '../replay/index.ts'
import type { Log, ServiceMetrics } from '../telemetry/index.ts'
import type { Courier, WebhookDesk, WebhookRecord } from '../webhooks/index.ts'
import type { AlertLog } from './alert-log.ts'
import type { EventIntake } from './event-intake.ts'
import type { Inspector } from './inspector.ts'
import type { StreamTail } from './stream-tail.ts'

/** What every process answers with. */
export interface HealthServices {
  readonly health: () => Promise<Health>
  /** All metrics in the text format of Prometheus. */
  readonly prometheus: () => Promise<string>
  readonly metrics: ServiceMetrics
  readonly log: Log
  readonly now: () => number
}

/** Everything the routes work with. Each is a port with a fake for tests. */
export interface Services extends HealthServices {
  readonly catalogue: Catalogue
  /** Changes of rules that wait for others; approving is the catalogue's. */
  readonly proposals: ProposalDesk
  readonly compiler: RuleCompiler
  readonly lists: ListDesk
  readonly silences: SilenceDesk
  readonly states: StateDesk
  readonly alerts: AlertLog
  readonly webhooks: WebhookDesk
  readonly courier: Courier
  /** Alerts that a webhook has not handled yet. */
  readonly webhookWaiting: (record: WebhookRecord) => Promise<number>
  readonly intake: EventIntake
  /** The input log, live. */
  readonly input: StreamTail
  /** The alert log, live. */
  readonly output: StreamTail
  readonly inspector: Inspector
  /** The input log as it was, and what runs rules over it. */
  readonly investigation: InvestigationPorts
  readonly replays: Replays
  readonly erasures: ErasureDesk
  /** Who changed what, and who was refused. */
  readonly audit: AuditLog
  readonly about: () => Promise<About>
  /** The configuration in force, without secrets. */
  readonly configuration: () => unknown
}

export interface ApiOptions {
  readonly http: HttpConfig
  readonly apiKeys: readonly ApiKeyConfig[]
  /** Absent: tokens are not accepted. */
  readonly jwt?: JwtConfig | undefined
  readonly version: string
}

export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  /** Why not. */
  readonly reason?: string
}

export interface Health {
  readonly ready: boolean
  readonly checks: readonly HealthCheck[]
}

export interface About {
  readonly version: string
  readonly roles: readonly string[]
  readonly startedAt: string
  readonly broker: { readonly connected: boolean; readonly version: string; readonly url: string }
}
