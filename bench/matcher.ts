import { parseArgs } from 'node:util'
import { conditionalCases } from './matcher/conditional.ts'
import { coreCases } from './matcher/core.ts'
import { hotKeyCases } from './matcher/hot-key.ts'
import { keyedCases } from './matcher/keyed.ts'
import type { Case, Row } from './matcher/measure.ts'
import { memoryCases } from './matcher/memory.ts'
import { reorderCases } from './matcher/reorder.ts'

/** Events per second and bytes of the matcher alone, each case beside a hand-written loop (or a plain Map) in the same run. */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, quick: { type: 'boolean' } },
})
const scale = values.quick === true ? 0.1 : 1
const cases: readonly Case[] = [
  ...keyedCases(scale),
  ...memoryCases(scale),
  ...reorderCases(scale),
  ...coreCases(scale),
  ...hotKeyCases(scale),
  ...conditionalCases(scale),
]
const rows: Row[] = []
for (const each of cases) {
  if (values.only !== undefined && !each.name.includes(values.only)) continue
  for (const row of each.run()) {
    rows.push(row)
    if (values.json !== true)
      console.log(
        `${row.name.padEnd(58)} ${String(row.value).padStart(12)} ${row.unit.padEnd(14)}${row.ratio === undefined ? '' : ` ${row.ratio.toFixed(2)} of ${row.against}`}${row.note === undefined ? '' : `  ${row.note}`}`,
      )
  }
}
if (values.json === true) console.log(JSON.stringify(rows, undefined, 1))
