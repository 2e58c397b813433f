import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextTable } from './text-table.ts'

const letter = fc.constantFrom('a', 'A', 'a', 'A', '0', '\u0010', '@', '`', '[', '{', '\u00e9')
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(letter, { minLength: 1, maxLength, size: 'max' }).map((letters) => letters.join(''))
const sought = fc.record({ text: text(6), anyCase: fc.boolean() })

function wanted(all: ReadonlyMap<string, { text: string; anyCase: boolean }>, given: string): Set<string> {
  const hits = [...all].filter(([, item]) => (item.anyCase ? given.toLowerCase() : given).includes(item.text))
  return new Set(hits.map(([id]) => id))
}

test('finds the texts that a longer one contains, while texts come and go and their places are learnt', () => {
  fc.assert(
    fc.property(
      fc.array(sought, { maxLength: 40, size: 'max' }),
      fc.array(fc.record({ given: text(40), times: fc.constantFrom(1, 40), leaves: fc.nat() }), {
        maxLength: 8,
      }),
      (all, searches) => {
        const table = new TextTable<string>()
        const known = new Map<string, { text: string; anyCase: boolean }>()
        for (const { text: raw, anyCase } of all) {
          const item = { text: anyCase ? raw.toLowerCase() : raw, anyCase }
          const id = `${anyCase} ${item.text}`
          if (known.has(id)) continue
          known.set(id, item)
          table.add(item.text, anyCase, id)
        }
        for (const { given, times, leaves } of searches) {
          for (let time = 0; time < times; time++) {
            const found = new Set<string>()
            const unsure = new Set<string>()
            table.search(given, {
              found: (id) => void found.add(id),
              unsure: (id) => void unsure.add(id),
            })
            const isPlain = !given.includes('\u00e9')
            expect(unsure).toEqual(
              new Set(isPlain ? [] : [...known].flatMap(([id, { anyCase }]) => (anyCase ? [id] : []))),
            )
            const expected = wanted(known, given)
            const isSure = (id: string): boolean => !unsure.has(id)
            expect([...found].filter(isSure).sort()).toEqual([...expected].filter(isSure).sort())
          }
          const gone = [...known.keys()][leaves % Math.max(1, known.size)]
          const item = gone === undefined ? undefined : known.get(gone)
          if (gone === undefined || item === undefined) continue
          known.delete(gone)
          table.delete(item.text, item.anyCase)
        }
        expect(table.size).toBe(known.size)
      },
    ),
    { numRuns: 300 },
  )
})
