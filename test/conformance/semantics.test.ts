import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { outcomeOf } from './notation.ts'
import { TABLES } from './tables.ts'

describe.each(Object.entries(TABLES))('%s', (_, rows) => {
  // A time-driven row prints its time; the order is the order of output.
  test.each(rows)('%s | %s', (pattern, history, expected) => {
    expect(outcomeOf(pattern, history)).toEqual(expected)
  })
})

test('every rule of the specification has its rows, and every row its rule', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/spec/semantics.md'), 'utf8')
  const ruled = [...text.matchAll(/^### (S\d+) /gm)].map((found) => found[1])
  expect(ruled).toEqual(Object.keys(TABLES).map((title) => title.split(' ')[0]))
})
