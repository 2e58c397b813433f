export { CHECKPOINT_CODES } from './codes.ts'
export { openCheckpointStore, type StoreOptions } from './store.ts'
