import type { Lane } from './lane.ts'

const INSERTION_MAX = 12

/** Places of lanes by rank and order, packed into numbers that sort without a comparison of ours. */
const PLACES_MAX = 4096
const ORDERS_MAX = 64
const places = new Float64Array(PLACES_MAX)
const unsorted: Lane[] = []

/** Few lanes, nearly always in order already: insertion beats a general sort. */
export function sortByRank(lanes: Lane[]): void {
  const { length } = lanes
  if (length > PLACES_MAX) {
    lanes.sort((a, b) => (isAfter(a, b) ? 1 : -1))
    return
  }
  if (length > INSERTION_MAX) {
    for (let index = 0; index < length; index++) {
      const lane = lanes[index] as Lane
      unsorted[index] = lane
      places[index] = (lane.target.rank * ORDERS_MAX + lane.order) * PLACES_MAX + index
    }
    places.subarray(0, length).sort()
    for (let index = 0; index < length; index++) {
      const place = places[index] as number
      lanes[index] = unsorted[place - Math.floor(place / PLACES_MAX) * PLACES_MAX] as Lane
    }
    return
  }
  for (let index = 1; index < length; index++) {
    const lane = lanes[index] as Lane
    let at = index
    while (at > 0 && isAfter(lanes[at - 1] as Lane, lane)) {
      lanes[at] = lanes[at - 1] as Lane
      at--
    }
    lanes[at] = lane
  }
}

const isAfter = (a: Lane, b: Lane): boolean =>
  a.target.rank > b.target.rank || (a.target === b.target && a.order > b.order)
