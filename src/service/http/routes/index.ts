import type { Route } from '../route.ts'
import { ALERT_STATE_ROUTES } from './alert-states.ts'
import { ALERT_ROUTES } from './alerts.ts'
import { AUDIT_ROUTES } from './audit.ts'
import { ERASURE_ROUTES } from './erasures.ts'
import { EVENT_STREAM_ROUTES } from './event-stream.ts'
import { EVENT_ROUTES } from './events.ts'
import { LIST_ROUTES } from './lists.ts'
import { PROPOSAL_ROUTES } from './proposals.ts'
import { REPLAY_ROUTES } from './replays.ts'
import { RULE_LIFECYCLE_ROUTES } from './rule-lifecycle.ts'
import { RULE_WRITE_ROUTES } from './rule-writes.ts'
import { RULE_ROUTES } from './rules.ts'
import { HEALTH_ROUTES, STATUS_ROUTES } from './service.ts'
import { SILENCE_ROUTES } from './silences.ts'
import { WEBHOOK_DELIVERY_ROUTES } from './webhook-deliveries.ts'
import { WEBHOOK_ROUTES } from './webhooks.ts'
import { WHY_ROUTES } from './why.ts'

export { HEALTH_ROUTES } from './service.ts'

/** The whole API. A route that is not here does not exist; one without an access level does not compile. */
export const ROUTES: readonly Route[] = [
  ...RULE_ROUTES,
  ...RULE_WRITE_ROUTES,
  ...RULE_LIFECYCLE_ROUTES,
  ...PROPOSAL_ROUTES,
  ...WHY_ROUTES,
  ...EVENT_ROUTES,
  ...EVENT_STREAM_ROUTES,
  ...ALERT_ROUTES,
  ...REPLAY_ROUTES,
  ...ALERT_STATE_ROUTES,
  ...LIST_ROUTES,
  ...SILENCE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...WEBHOOK_DELIVERY_ROUTES,
  ...ERASURE_ROUTES,
  ...AUDIT_ROUTES,
  ...STATUS_ROUTES,
  ...HEALTH_ROUTES,
]
