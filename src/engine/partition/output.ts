import type { NewEffect } from '../emit/index.ts'
import type { JsonObject } from '../model/index.ts'
import type { NoticeCode } from './codes.ts'

/** Where the rules of a partition put what they produce. */
export interface PartitionOutput {
  emit(effect: NewEffect): void
  notice(code: NoticeCode, detail: JsonObject): void
}
