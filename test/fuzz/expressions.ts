import { parseArgs } from 'node:util'
import { runFuzz } from './run-fuzz.ts'

/** `npm run fuzz:expressions -- --runs N --seed S`. */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const report = await runFuzz(Number(values.runs), Number(values.seed))
for (const { text, data, ours, reference } of report.examples)
  console.log(`${text}\n  on ${data}\n  ours      ${ours}\n  reference ${reference}`)
console.log(`explained: ${JSON.stringify(report.explained)}`)
console.log(
  `${report.evaluations} evaluations, ${report.errors} of them errors, ${report.unexplained} unexplained differences (seed ${values.seed})`,
)
process.exitCode = report.unexplained === 0 ? 0 : 1
