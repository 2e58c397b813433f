import type { RuleRuntime } from './rule-runtime.ts'

/** Room between the ranks of rules that come one after the other, so that one more moves none of them. */
const RANK_GAP = 1024
const RANK_MAX = 2 ** 30

/** Running versions in order of id, of one id in order of age; so are their ranks. */
export class RuleRanks {
  #ranked: RuleRuntime[] = []

  get all(): readonly RuleRuntime[] {
    return this.#ranked
  }

  insert(runtime: RuleRuntime): void {
    const ranked = this.#ranked
    const place = this.#placeOf(runtime)
    const before = ranked[place - 1]?.rank ?? 0
    const after = ranked[place]?.rank ?? before + 2 * RANK_GAP
    ranked.splice(place, 0, runtime)
    runtime.rank = Math.floor((before + after) / 2)
    // No number is left in between, or they are getting large: all are spread anew, once in many changes.
    if (runtime.rank > before && after <= RANK_MAX) return
    ranked.forEach((each, index) => {
      each.rank = (index + 1) * RANK_GAP
    })
  }

  remove(runtime: RuleRuntime): void {
    this.#ranked.splice(this.#placeOf(runtime), 1)
  }

  /** Where the version stands among the running ones, or would. */
  #placeOf(runtime: RuleRuntime): number {
    let low = 0
    let high = this.#ranked.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(this.#ranked[middle] as RuleRuntime, runtime)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const isBefore = (one: RuleRuntime, other: RuleRuntime): boolean =>
  one.id < other.id || (one.id === other.id && ageOf(one) < ageOf(other))

/** The number in the name: the version it was started as. */
const ageOf = ({ id, name }: RuleRuntime): number => (name === id ? 0 : Number(name.slice(id.length + 1)))
