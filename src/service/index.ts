export * from './broker/index.ts'
export {
  type Config,
  createApiKey,
  describeConfig,
  type LoadOptions,
  loadConfig,
} from './config/index.ts'
export { engineOptions } from './parts.ts'
export { type AlertGroup, type ReplayResult, ReplayRun } from './replay/index.ts'
export { type RunOptions, runService } from './run.ts'
export {
  api,
  type Role,
  type RunningService,
  type ServiceOptions,
  serve,
  VERSION,
  worker,
} from './service.ts'
export { describeError, isServiceError, ServiceError } from './service-error.ts'
export { createLog, type Log, silentLog } from './telemetry/index.ts'
