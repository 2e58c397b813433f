export {
  type AlertEntry,
  alertMatches,
  natsAlertLog,
} from './alert-log.ts'
export { type EventIntake, type IncomingEvent, natsEventIntake } from './event-intake.ts'
export { type Inspector, natsInspector } from './inspector.ts'
export { problemsOf } from './openapi.ts'
export { ROUTES } from './routes/index.ts'
export { createHealthServer, createServer } from './server.ts'
export type { ApiOptions, Health, HealthCheck, HealthServices, Services } from './services.ts'
export { natsStreamTail, type StreamTail } from './stream-tail.ts'
