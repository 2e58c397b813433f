import { expect, test } from 'vitest'
import { fuzz } from './openapi-fuzz.ts'

test('requests of every kind are answered as described, and never with a server error', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const report = await fuzz({ runs: 1_500, seed })
  expect(report.violations, `seed ${seed}`).toEqual([])
  expect(Object.keys(report.byStatus)).toEqual(expect.arrayContaining(['200', '400', '404', '415', '422']))
}, 120_000)
