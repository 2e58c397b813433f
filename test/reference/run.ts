import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { expected, normal, outcomeOf, withoutTimeouts } from './compare.ts'
import { chainScenario, joinScenario, scenario } from './generate.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' } },
})
const runs = Number(values.runs)
const seed = values.seed === undefined ? (Date.now() ^ 0x5bd1e995) >>> 0 : Number(values.seed)
const started = performance.now()
let matches = 0
let errors = 0
const result = fc.check(
  fc.property(
    fc.oneof(
      { weight: 3, arbitrary: scenario },
      { weight: 1, arbitrary: chainScenario },
      { weight: 2, arbitrary: joinScenario },
    ),
    fc.array(fc.nat({ max: 7 }), { maxLength: 3 }),
    (drawn, points) => {
      const want = normal(expected(drawn))
      matches += want.length
      for (const timeouts of [true, false])
        for (const restoreAfter of ['never', new Set(points)] as const) {
          const wanted = timeouts ? want : withoutTimeouts(want)
          const asked = outcomeOf(drawn, { restoreAfter, timeouts, indexed: 'never' })
          const looked = outcomeOf(drawn, { restoreAfter, timeouts, indexed: 'always' })
          for (const got of [normal(asked.found), normal(looked.found)])
            if (JSON.stringify(got) !== JSON.stringify(wanted))
              throw new Error(
                `${timeouts ? 'with' : 'without'} timeouts, expected\n  ${wanted.join('\n  ')}\ngot\n  ${got.join('\n  ')}`,
              )
          errors += asked.errors.length
          if (JSON.stringify(looked) !== JSON.stringify(asked))
            throw new Error(
              `asked one by one\n  ${[...asked.found, ...asked.errors].join('\n  ')}\nby the index\n  ${[...looked.found, ...looked.errors].join('\n  ')}`,
            )
        }
    },
  ),
  { numRuns: runs, seed },
)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
if (result.failed) {
  console.log(fc.defaultReportMessage(result))
  console.log(JSON.stringify(result.counterexample, undefined, 1))
}
console.log(
  `${result.numRuns} runs, seed ${seed}, ${matches} matches and timeouts and ${errors} errors compared, ${result.failed ? 1 : 0} differences, ${seconds} s`,
)
process.exitCode = result.failed ? 1 : 0
