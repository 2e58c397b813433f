import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readCases } from './corpus.ts'
import { runDirect } from './direct.ts'
import { differences } from './outcome.ts'
import { runProduct } from './product.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    // After every operation the state is stored and restored.
    restore: { type: 'boolean' },
    // The matcher alone, without the rule compiler and the partition.
    direct: { type: 'boolean' },
  },
})
const file = positionals[0]
if (file === undefined) {
  console.error('usage: npm run -s conformance -- FILE.json [--out RESULTS.json]')
  process.exit(2)
}

const results: unknown[] = []
let passed = 0
let failed = 0
for (const source of readCases(file)) {
  const outcome = (values.direct === true ? runDirect : runProduct)(source, {
    restoreAlways: values.restore === true,
  })
  results.push(
    outcome.kind === 'error' ? { id: source.id, error: outcome.error } : { id: source.id, out: outcome.out },
  )
  const found = differences(source, outcome)
  if (found.length === 0) passed++
  else {
    failed++
    console.log(`${source.id}: ${found.join('; ')}`)
  }
}
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(results, undefined, 1)}\n`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
