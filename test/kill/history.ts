/** A seeded generator of small integers: mulberry32. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export interface HistoryEvent {
  readonly id: string
  readonly subject: string
  readonly payload: string
}

/** A known history: twenty keys, events out of order within the lateness, and now and then a late or a broken one. */
export function* history(seed: number, startAt: number): Generator<HistoryEvent> {
  const random = randomSource(seed)
  let at = startAt
  for (let index = 0; ; index += 1) {
    at += random(400)
    const subject = `kill.${'aabbc'[random(5)]}`
    const kind = random(200)
    const shift = kind === 0 ? 60_000 : random(1_900)
    const payload =
      kind === 1
        ? '{"broken'
        : JSON.stringify({ user: `user-${random(20)}`, at: new Date(at - shift).toISOString(), n: index })
    yield { id: `${seed}-${index}`, subject, payload }
  }
}
