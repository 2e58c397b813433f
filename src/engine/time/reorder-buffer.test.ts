import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReorderBuffer } from './reorder-buffer.ts'

const operations = fc.array(
  fc.record({ behind: fc.integer({ min: 0, max: 100 }), gap: fc.integer({ min: 0, max: 20 }) }),
  { maxLength: 200, size: 'max' },
)

test('gives back what is due, by time, then by sequence', () => {
  fc.assert(
    fc.property(operations, fc.constantFrom(1, 50, 100, 10_000), (steps, lateness) => {
      const buffer = new ReorderBuffer<{ time: number; sequence: number }>(lateness)
      const waiting: Array<{ time: number; sequence: number }> = []
      let newest = 1000
      steps.forEach(({ behind, gap }, sequence) => {
        newest += gap
        const item = { time: newest - behind, sequence }
        buffer.push(item)
        waiting.push(item)
        waiting.sort((a, b) => a.time - b.time || a.sequence - b.sequence)
        // Asking sorts the first bucket: both ways of sorting have to be met.
        if (behind % 8 === 0) expect(buffer.firstTime()).toBe(waiting[0]?.time)
        const limit = newest - 60
        while ((waiting[0]?.time ?? limit + 1) <= limit) expect(buffer.take(limit)).toBe(waiting.shift())
        expect(buffer.take(limit)).toBeUndefined()
        expect(buffer.size).toBe(waiting.length)
      })
    }),
  )
})
