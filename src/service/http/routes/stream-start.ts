import type { StreamTail } from '../stream-tail.ts'

/**
 * Where a live stream begins: behind the last one that the caller saw, where it asks, or now. Fixed before the answer begins, so that
 * nothing that is published after it is missed.
 */
export async function startOf(
  tail: StreamTail,
  lastSeen: string | undefined,
  from: string | undefined,
): Promise<number> {
  if (lastSeen !== undefined) return Number(lastSeen) + 1
  return from === undefined ? tail.next() : Number(from)
}
