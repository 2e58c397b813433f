import { afterEach, expect, test } from 'vitest'
import { createSandbox, type Sandbox } from './sandbox.ts'

let sandbox: Sandbox | undefined
afterEach(async () => {
  await sandbox?.close()
  sandbox = undefined
})

const child = new URL('../../../test/support/hostile-child.ts', import.meta.url)

const start = (over: { timeMsMax?: number; heapMiBMax?: number; queueMax?: number } = {}): Sandbox => {
  sandbox = createSandbox({ entry: child, timeMsMax: 400, heapMiBMax: 48, queueMax: 3, ...over })
  return sandbox
}

test('what asks too much is killed, and the next question is answered by a new child', async () => {
  const { run } = start()
  const before = await run('pid')
  expect(await run('spin')).toEqual({ kind: 'killed', reason: 'time' })
  const after = await run('pid')
  expect(after.kind).toBe('answer')
  expect(after).not.toEqual(before)
})

test('a heap that overflows ends the child and nothing else', async () => {
  const { run } = start({ timeMsMax: 20_000 })
  expect(await run('hoard')).toEqual({ kind: 'killed', reason: 'memory' })
  expect((await run('pid')).kind).toBe('answer')
})

test('the child can neither write, nor start processes, nor see the environment, nor make code from text', async () => {
  const { run } = start({ timeMsMax: 5000 })
  for (const deed of ['write', 'spawn', 'environment', 'evaluate'])
    expect(await run(deed), deed).toEqual({ kind: 'answer', value: 'refused' })
})

test('questions beyond the queue are refused at once', async () => {
  const { run } = start()
  const answers = await Promise.all(Array.from({ length: 6 }, () => run('pid')))
  expect(answers.filter(({ kind }) => kind === 'busy').length).toBeGreaterThanOrEqual(2)
  expect(answers.filter(({ kind }) => kind === 'answer').length).toBeGreaterThanOrEqual(3)
})

test('closing answers whoever waits', async () => {
  const { run, close } = start()
  const waiting = run('spin')
  await close()
  expect((await waiting).kind).toBe('busy')
})
