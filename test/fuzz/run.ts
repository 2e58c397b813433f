// npm run fuzz -- --runs 20000 [--seed N]: requests from the API's own description; fails on a 5xx or an answer that is not as described.
import { parseArgs } from 'node:util'
import { fuzz } from './openapi-fuzz.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const report = await fuzz({ runs: Number(values.runs), seed: Number(values.seed) })
for (const violation of report.violations) console.log(JSON.stringify(violation))
console.log(`seed ${values.seed}: ${report.requests} requests, ${JSON.stringify(report.byStatus)}`)
console.log(`${report.violations.length} violations`)
process.exitCode = report.violations.length === 0 ? 0 : 1
