import { MINUTE } from './planned-event.ts'
import type { Random } from './random.ts'

/** How far behind the newest event the demo's events may come; the demo's configuration says the same. */
export const LATENESS_MS = 2_000

/** How long an event is under way: most of them not at all, some nearly as long as the lateness allows. */
export const travelMs = (random: Random): number =>
  random.chance(0.25) ? random.int(1, LATENESS_MS - 200) : 0

export type Mishap =
  /** Sent twice with the same id. */
  | { readonly kind: 'duplicate' }
  /** Comes far too late. */
  | { readonly kind: 'late'; readonly byMs: number }
  /** Cannot become an event. */
  | { readonly kind: 'broken'; readonly payload: string }

/** What goes wrong with one of a few hundred everyday events. */
export function mishapOf(random: Random): Mishap | undefined {
  const dice = random.next()
  if (dice < 0.006) return { kind: 'duplicate' }
  if (dice < 0.009) return { kind: 'late', byMs: random.int(5, 50) * MINUTE }
  if (dice < 0.011) return { kind: 'broken', payload: random.pick(BROKEN) }
  return undefined
}

const BROKEN: readonly [string, ...string[]] = [
  '{"card_id":"k-17","amount":12.',
  '[{"card_id":"k-17"}]',
  '{"card_id":"k-17","amount":12.5}',
  '{"card_id":"k-17","time":"9999-12-31T23:59:59Z"}',
  '{"card_id":"k-17","time":"yesterday"}',
  'card k-17 was declined',
]
