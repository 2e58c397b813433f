export * from './broker/index.ts'
export { type Config, describeConfig, loadConfig } from './config/index.ts'
export { runService } from './run.ts'
export {
  api,
  type RunningService,
  type ServiceOptions,
  serve,
  worker,
} from './service.ts'
export { describeError, isServiceError } from './service-error.ts'
export { silentLog } from './telemetry/index.ts'
