import { execFileSync } from 'node:child_process'
import { getPriority } from 'node:os'
import { expect, test } from 'vitest'

/** What the threads of a process have after it has run the code, by name. */
function prioritiesAfter(code: string): Map<string, Set<number>> {
  const text = execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { readdirSync, readFileSync } from 'node:fs'
      import { getPriority } from 'node:os'
      import { Worker } from 'node:worker_threads'
      const { lowerHelpers, lowerProcess } = await import(${JSON.stringify(`${import.meta.dirname}/priority.ts`)})
      ${code}
      const threads = readdirSync('/proc/self/task').map(Number)
      const nameOf = (id) => id === process.pid ? 'first' : readFileSync(\`/proc/self/task/\${id}/comm\`, 'utf8').trim()
      console.log(JSON.stringify(threads.map((id) => [nameOf(id), getPriority(id)])))
      process.exit()
      `,
    ],
    { encoding: 'utf8' },
  )
  const priorities = new Map<string, Set<number>>()
  for (const [name, priority] of JSON.parse(text) as Array<[string, number]>)
    priorities.set(name, (priorities.get(name) ?? new Set()).add(priority))
  return priorities
}

const reader = `
  const file = ${JSON.stringify(`${import.meta.dirname}/priority.ts`)}
  const thread = new Worker(\`import(\${JSON.stringify(file)}).then(({ lowerThread }) => {
    lowerThread()
    return import('node:worker_threads')
  }).then(({ parentPort }) => {
    parentPort.on('message', () => undefined)
    parentPort.postMessage('done')
  })\`, { eval: true, name: 'reader' })
  await new Promise((resolve) => thread.once('message', resolve))
`

/** Whoever runs the tests behind everything else starts there. */
const own = getPriority()
const behind = (first: number): Set<number> => new Set([Math.min(19, first + 10)])

test.runIf(process.platform === 'linux')('helpers stand behind the thread that decides', () => {
  const priorities = prioritiesAfter(`lowerHelpers(); ${reader}`)
  expect(priorities.get('first')).toEqual(new Set([own]))
  expect(priorities.get('V8Worker')).toEqual(behind(own))
  expect(priorities.get('reader')).toEqual(behind(own))
})

test.runIf(process.platform === 'linux')('a process behind others has its helpers behind it', () => {
  const priorities = prioritiesAfter(`lowerProcess(process.pid); lowerHelpers(); ${reader}`)
  expect(priorities.get('first')).toEqual(new Set([Math.max(15, own)]))
  expect(priorities.get('V8Worker')).toEqual(behind(Math.max(15, own)))
  expect(priorities.get('reader')).toEqual(behind(Math.max(15, own)))
})
