export { systemClock } from './clock.ts'
export { WORKER_CODES } from './codes.ts'
export type * from './ports.ts'
export { startWorker, type Worker, type WorkerOptions, type WorkerStatus } from './worker.ts'
