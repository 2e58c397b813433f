import { expect, test } from 'vitest'
import { ROUTES } from '../../src/service/http/index.ts'
import { fuzz } from './openapi-fuzz.ts'

test('requests of every kind are answered as described, and never with a server error', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const report = await fuzz({ runs: 1_500, seed })
  expect(report.violations, `seed ${seed}`).toEqual([])
  expect(Object.keys(report.byStatus)).toEqual(expect.arrayContaining(['200', '400', '404', '415', '422']))
  // Every route is asked and got through to: what never is would be fuzzed only at its door.
  const asked = Object.entries(report.byOperation)
  expect(asked.map(([operation]) => operation).sort()).toEqual(
    ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
  )
  expect(asked.filter(([, statuses]) => Object.keys(statuses).length === 0)).toEqual([])
  const silent = asked.filter(([, statuses]) => !Object.keys(statuses).some((status) => status < '300'))
  expect(silent).toEqual([])
}, 120_000)
