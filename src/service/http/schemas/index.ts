import type { JsonSchema } from '../route.ts'
import { alertSchemas } from './alerts.ts'
import { auditSchemas } from './audit.ts'
import { erasureSchemas } from './erasures.ts'
import { eventSchemas } from './events.ts'
import { listSchemas } from './lists.ts'
import { matchSchemas } from './matches.ts'
import { problemSchemas } from './problems.ts'
import { proposalSchemas } from './proposals.ts'
import { replaySchemas } from './replays.ts'
import { ruleSchemas } from './rules.ts'
import { serviceSchemas } from './service.ts'
import { silenceSchemas } from './silences.ts'
import { statisticsSchemas } from './statistics.ts'
import { webhookSchemas } from './webhooks.ts'

export { RULE_ID, SEVERITY_VALUES, STATUS_VALUES } from './forms.ts'

/** Shared schemas of the API; each stands once in the OpenAPI document. */
export const COMPONENTS = {
  ...problemSchemas,
  ...statisticsSchemas,
  ...ruleSchemas,
  ...proposalSchemas,
  ...matchSchemas,
  ...eventSchemas,
  ...listSchemas,
  ...silenceSchemas,
  ...webhookSchemas,
  ...alertSchemas,
  ...erasureSchemas,
  ...auditSchemas,
  ...replaySchemas,
  ...serviceSchemas,
}

export const ref = (name: keyof typeof COMPONENTS): JsonSchema => ({ $ref: `${name}#` })
