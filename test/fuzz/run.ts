// npm run fuzz:api -- --requests 20000 [--seed N]: requests from the API's own description; fails on a 5xx or an answer that is not as described.
import { parseArgs } from 'node:util'
import { fuzz } from './openapi-fuzz.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const report = await fuzz({ runs: Number(values.requests), seed: Number(values.seed) })
for (const violation of report.violations) console.log(JSON.stringify(violation))
console.log(`seed ${values.seed}: ${report.requests} requests, ${JSON.stringify(report.byStatus)}`)
const operations = Object.entries(report.byOperation)
const answered = operations.filter(([, statuses]) => Object.keys(statuses).some((status) => status < '300'))
const others = operations.filter((each) => !answered.includes(each))
console.log(`${operations.length} operations, ${answered.length} of them answered 2xx`)
for (const [operation, statuses] of others) console.log(`never 2xx: ${operation} ${JSON.stringify(statuses)}`)
console.log(`${report.violations.length} violations`)
process.exitCode = report.violations.length === 0 ? 0 : 1
