export {
  type AlertEntry,
  type AlertLog,
  type AlertMode,
  type AlertPage,
  type AlertQuery,
  alertMatches,
  natsAlertLog,
} from './alert-log.ts'
export { type EventIntake, type IncomingEvent, type Intake, natsEventIntake } from './event-intake.ts'
export { type Inspector, natsInspector } from './inspector.ts'
export { problemsOf } from './openapi.ts'
export type { HttpProblem } from './problem.ts'
export type { Access, Answer, Call, Route } from './route.ts'
export { HEALTH_ROUTES, ROUTES } from './routes/index.ts'
export { createHealthServer, createServer } from './server.ts'
export type { About, ApiOptions, Health, HealthCheck, HealthServices, Services } from './services.ts'
export { natsStreamTail, type StreamTail, type TailMessage } from './stream-tail.ts'
