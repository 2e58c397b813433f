import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How `sequitur` itself is started: its first line says it. */
const [firstLine = ''] = readFileSync(join(import.meta.dirname, '../../src/cli/main.ts'), 'utf8').split('\n')
const NODE_OPTIONS = firstLine.split(' ').filter((word) => word.startsWith('--'))
const children = new Set<ChildProcess>()

export const killChildren = (): void => {
  for (const child of children) child.kill('SIGKILL')
}

/** A process of a benchmark, which says lines of JSON. */
export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<void>
  untilSaid(isIt: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
}

/** Runs a file of the `bench` folder, with the options of Node that `sequitur` has. */
export function startChild(
  file: string,
  nodeOptions: readonly string[],
  environment: Record<string, string>,
): Child {
  const child = spawn(
    process.execPath,
    [...NODE_OPTIONS, ...nodeOptions, join(import.meta.dirname, '..', file)],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  children.add(child)
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      children.delete(child)
      resolve()
    }),
  )
  const lines: Array<Record<string, unknown>> = []
  let rest = ''
  let heard = (): void => undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts.map((part) => JSON.parse(part) as Record<string, unknown>))
    heard()
  })
  return {
    process: child,
    ended,
    untilSaid: async (isIt) => {
      let isOver = false
      void ended.then(() => {
        isOver = true
        heard()
      })
      for (;;) {
        const line = lines.find(isIt)
        if (line !== undefined) return line
        if (isOver) throw new Error(`${file} ended: ${JSON.stringify(lines.at(-1) ?? 'without a word')}`)
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      }
    },
  }
}
