import type { BrokerOptions } from '../broker/index.ts'
import type { ReplayEngine, ReplayJob, ReplayProgress, ReplayResult } from './contract.ts'

/** What the process of a replay is told, once. */
export interface ChildOrder {
  readonly broker: BrokerOptions
  readonly engine: ReplayEngine
  readonly job: ReplayJob
}

/** What it says; `done` or `failed` is the last. */
export type ChildReport =
  | { readonly kind: 'progress'; readonly progress: ReplayProgress }
  | { readonly kind: 'alerts'; readonly alerts: readonly string[] }
  | { readonly kind: 'done'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
