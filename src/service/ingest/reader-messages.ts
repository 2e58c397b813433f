import type { BrokerOptions } from '../broker/index.ts'
import type { CursorOptions } from './cursor.ts'
import type { PackedEntries } from './packed-entries.ts'
import type { SpanReaderOptions } from './span-reader.ts'

/** What the thread that reads is told, once. */
export interface ReaderOrder {
  readonly broker: BrokerOptions
  /** The log from a position on, without an end; or a part of it. */
  readonly what:
    | { readonly kind: 'log'; readonly options: CursorOptions }
    | { readonly kind: 'span'; readonly options: SpanReaderOptions }
}

/** What it says. It sends a batch for each it was granted, and waits for `more` with the next. */
export type ReaderReport =
  | {
      readonly kind: 'batch'
      readonly entries: PackedEntries
      /** Entries that were behind these in the stream. */
      readonly pending: number
    }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'failed'
      readonly code?: string
      readonly message: string
      readonly hint?: string
    }

/** Batches that may be under way or waiting to be processed. */
export const BATCHES_MAX = 2
