import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const CHILD = `
  import { compileExpression } from './src/engine/expression/index.ts'
  import { setCodegen } from './src/engine/index.ts'
  if (process.env.CODEGEN === 'off') setCodegen('off')
  const made = []
  const Original = globalThis.Function
  globalThis.Function = new Proxy(Original, {
    construct(target, args) {
      made.push('tried')
      const result = Reflect.construct(target, args)
      made.push('made')
      return result
    },
  })
  const { value } = compileExpression('amount > 5 and channel in ["web", "app"]', { scope: { steps: [] } })
  const answers = { '1': 0, '0': 0, '-1': 0 }
  const frame = { event: { data: {} }, steps: { taken: () => [], count: () => 0 }, key: null, lists: { has: () => false } }
  for (let i = 0; i < 5000; i++) {
    frame.event.data = i % 10 === 9 ? { amount: [1], channel: 'web' } : { amount: i % 10, channel: 'web' }
    answers[value.test(frame)]++
  }
  console.log(JSON.stringify({ answers, made }))
`

function run(flags: readonly string[], codegen = 'auto'): unknown {
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', CHILD], {
    encoding: 'utf8',
    env: { ...process.env, CODEGEN: codegen },
  })
  expect(child.stderr).toBe('')
  expect(child.status).toBe(0)
  return JSON.parse(child.stdout)
}

const answers = { '1': 1_500, '0': 3_000, '-1': 500 }

test('where the process forbids code from strings, it is tried once and closures answer', () => {
  expect(run(['--disallow-code-generation-from-strings'])).toEqual({ answers, made: ['tried'] })
})

test('elsewhere hot predicates get generated source, with the same answers', () => {
  expect(run([])).toEqual({ answers, made: ['tried', 'made', 'tried', 'made'] })
})

test('with `codegen: off` nothing is generated, and nothing asks whether it could be', () => {
  expect(run([], 'off')).toEqual({ answers, made: [] })
})
