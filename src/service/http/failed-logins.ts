const WINDOW_MS = 60_000
const ADDRESSES_MAX = 10_000

/**
 * Counts requests without a valid key or token, per address and minute. Keys have 256 bits, so nobody guesses one: the limit is against
 * the load and the noise, and a valid key from the same address (a proxy's, say) is none of it.
 */
export class FailedLogins {
  readonly #perMinute: number
  readonly #seen = new Map<string, { readonly since: number; count: number }>()

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Seconds until the address may fail again; undefined: it may fail this once. */
  count(address: string, now: number): number | undefined {
    const name = this.#placeOf(networkOf(address), now)
    const known = this.#seen.get(name)
    if (known === undefined || now - known.since >= WINDOW_MS) {
      this.#seen.set(name, { since: now, count: 1 })
      return undefined
    }
    known.count += 1
    return known.count <= this.#perMinute ? undefined : Math.ceil((known.since + WINDOW_MS - now) / 1000)
  }

  #placeOf(network: string, now: number): string {
    if (this.#seen.has(network) || this.#seen.size < ADDRESSES_MAX) return network
    for (const [name, { since }] of this.#seen) if (now - since >= WINDOW_MS) this.#seen.delete(name)
    // Too many at a time: they share one place.
    return this.#seen.size < ADDRESSES_MAX ? network : OTHERS
  }
}

const OTHERS = 'others'

/** Who has one IPv6 address has a whole /64 of them. */
function networkOf(address: string): string {
  if (!address.includes(':') || /^::ffff:\d+\./i.test(address)) return address
  const [head = '', tail] = address.split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
