import { readTimestamp } from '../decode/index.ts'

/** Milliseconds since 1970 of what people write as a moment: ISO 8601 text (a date alone is its first moment) or milliseconds. */
export function readInstant(value: unknown): number | undefined {
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)) {
    return readTimestamp(`${value}T00:00:00Z`, 1)
  }
  return typeof value === 'string' || typeof value === 'number' ? readTimestamp(value, 1) : undefined
}
