import type { Random } from './random.ts'

const SCALARS: readonly unknown[] = [
  0,
  1,
  2,
  -1,
  3.5,
  10,
  'a',
  'b',
  '10',
  'Hello World',
  '',
  'héé💳',
  true,
  false,
  null,
]
const FIELDS = ['a', 'b', 'c', 'amount', 'name', 'tags']

/** Awkward JSON: nulls, wrong types, missing fields, nested and empty arrays. */
export function document(random: Random, depth = 3): unknown {
  const result: Record<string, unknown> = {}
  for (const field of FIELDS) if (random.chance(0.7)) result[field] = value(random, depth - 1)
  if (random.chance(0.8)) result.items = items(random, depth)
  return result
}

function items(random: Random, depth: number): unknown {
  if (random.chance(0.1)) return value(random, depth - 1)
  return Array.from({ length: random.below(4) }, () =>
    random.chance(0.85) ? object(random, depth - 1) : value(random, depth - 1),
  )
}

function object(random: Random, depth: number): unknown {
  const result: Record<string, unknown> = {}
  for (const field of FIELDS) if (random.chance(0.5)) result[field] = value(random, depth - 1)
  return result
}

function value(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.65)) return random.pick(SCALARS)
  if (random.chance(0.5)) return Array.from({ length: random.below(4) }, () => value(random, depth - 1))
  return object(random, depth - 1)
}
