import type { JsonObject } from '../model/index.ts'
import type { ContentMode } from './attributes.ts'
import { utf8 } from './utf8.ts'

/** The data of a payload that was decoded before, as it was decoded then. */
export function redecode(payload: Uint8Array, mode: ContentMode): JsonObject {
  const value = JSON.parse(utf8.decode(payload)) as JsonObject
  return mode === 'structured' ? (value['data'] as JsonObject) : value
}
