export { createLog, type Log, silentLog } from './log.ts'
export { METRICS } from './names.ts'
export { startTelemetry, type Telemetry } from './sdk.ts'
export { createServiceMetrics, type ServiceMetrics, watchProcess, watchProposals } from './service-metrics.ts'
export { parseTraceparent, traceAlert } from './traces.ts'
export { createWebhookMetrics, type WebhookMetrics } from './webhook-metrics.ts'
export {
  createWorkerMetrics,
  type PartitionReading,
  type RuleReading,
  totalsByRule,
  type VersionReading,
  type WorkerMetrics,
} from './worker-metrics.ts'
