import { parseDuration } from '../../../engine/index.ts'

const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

/** Milliseconds since 1970 of ISO 8601 (UTC where it does not say), or of a length of time before now. */
export function instantOf(text: string | undefined, now: number): number | 'unreadable' | undefined {
  if (text === undefined) return undefined
  const ago = parseDuration(text)
  if (ago !== undefined) return now - ago
  if (!ISO.test(text)) return 'unreadable'
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) || text.length <= 10 ? text : `${text}Z`
  const time = Date.parse(zoned.replace(' ', 'T'))
  return Number.isNaN(time) ? 'unreadable' : time
}
