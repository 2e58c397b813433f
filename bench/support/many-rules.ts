import type { JsonObject } from '../../src/engine/index.ts'
import { random } from './traffic.ts'

/** `few`: an event meets about one rule in ten thousand; `many`: one in a hundred. */
export type Mix = 'few' | 'many'

/** Fraud-like conditions as people write them: a type, a merchant or country, an amount. */
export function manyRules(count: number, mix: Mix): string[] {
  const below = random(7)
  return Array.from({ length: count }, () => {
    const type = `type = "t${below(20)}"`
    if (mix === 'many') {
      return below(2) === 0
        ? `${type} and amount > ${800 + below(200)}`
        : `country in ["C${below(10)}", "C${10 + below(10)}"]${band(below)}`
    }
    const place = below(4) === 0 ? `country = "C${below(200)}"` : `merchant = "m${below(5000)}"`
    return `${type} and ${place} and amount >= ${below(1000)}`
  })
}

const band = (below: (limit: number) => number): string => {
  const low = below(900)
  return ` and amount >= ${low} and amount < ${low + 100}`
}

/** Events of eight shapes. */
export function mixEvents(count: number): JsonObject[] {
  const below = random(11)
  return Array.from({ length: count }, (_, index) => {
    const event: JsonObject = {
      id: `e${index}`,
      type: `t${below(20)}`,
      merchant: `m${below(5000)}`,
      country: `C${below(200)}`,
      amount: below(100_000) / 100,
      user: `u${below(10_000)}`,
      currency: 'EUR',
    }
    for (let field = 0; field < index % 8; field++) event[`extra_${index % 8}_${field}`] = below(1000)
    return event
  })
}
