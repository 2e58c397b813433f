// npm run kill -- --cycles 300 --seed 1 [--partitions N] [--bug publish-before-commit|no-fencing] [--json]
import { parseArgs } from 'node:util'
import { runKills } from './harness.ts'
import type { PlantedBug } from './planted-bugs.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    partitions: { type: 'string', default: '1' },
    server: { type: 'string' },
    bug: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
if (values.server !== undefined) process.env['SEQUITUR_NATS_SERVER'] = values.server

const report = await runKills({
  cycles: Number(values.cycles),
  seed: Number(values.seed),
  partitions: Number(values.partitions),
  ...(values.bug === undefined ? {} : { bug: values.bug as PlantedBug }),
  say: (line) => console.error(line),
})
if (values.json) console.log(JSON.stringify(report))
else console.table(report)
const wrong = report.lost + report.duplicated + report.invented + report.reordered + report.unaccounted
console.log(
  `seed ${report.seed}: ${report.cycles} cycles, ${report.expected} effects expected, ${wrong} wrong`,
)
process.exitCode =
  wrong === 0 && report.unfinished === undefined && report.zombiesFenced === report.zombies ? 0 : 1
