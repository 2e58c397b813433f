import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PlaceSet } from './place-set.ts'

test('places come out in order, once each, and the set is empty then', () => {
  const place = fc.nat({ max: 5000 })
  fc.assert(
    fc.property(fc.array(fc.array(place, { maxLength: 80 }), { minLength: 1, maxLength: 4 }), (rounds) => {
      const set = new PlaceSet()
      const items = Int32Array.from({ length: 5001 }, (_, index) => 7 * index)
      const into = new Int32Array(5001)
      for (const places of rounds) {
        set.reserve(Math.max(0, ...places) + 1)
        for (const each of places) set.add(each)
        expect(places.every((each) => set.has(each))).toBe(true)
        const wanted = [...new Set(places)].sort((a, b) => a - b)
        expect(Array.from(into.subarray(0, set.take(items, into)))).toEqual(wanted.map((each) => 7 * each))
        expect(places.some((each) => set.has(each))).toBe(false)
      }
    }),
  )
})
