export { createLog, type Log, type LogFields, type LogOptions, silentLog } from './log.ts'
export { METRICS, type MetricName } from './names.ts'
export { startTelemetry, type Telemetry, type TelemetryOptions } from './sdk.ts'
export { createServiceMetrics, type ServiceMetrics, watchProcess } from './service-metrics.ts'
export { type AlertTrace, parseTraceparent, traceAlert } from './traces.ts'
export {
  createWorkerMetrics,
  type PartitionReading,
  type RuleReading,
  totalsByRule,
  type WorkerMetrics,
} from './worker-metrics.ts'
