import { expect, test } from 'vitest'
import { runFuzz } from './run-fuzz.ts'

test.each([11, 12])('generated expressions give what the reference gives (seed %i)', async (seed) => {
  const report = await runFuzz(10_000, seed)
  expect(report.examples).toEqual([])
  expect(report.unexplained).toBe(0)
  // Enough of both, or the generator has gone stale.
  expect(report.errors).toBeGreaterThan(500)
  expect(report.errors).toBeLessThan(6_000)
})
