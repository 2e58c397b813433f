import { type ChildProcess, fork } from 'node:child_process'

export interface SandboxOptions {
  /** Module that answers messages `{ number, request }` with `{ number, answer }`, after a first message `ready`. */
  readonly entry: URL
  readonly timeMsMax: number
  readonly heapMiBMax: number
  /** Requests that may wait; more are refused. */
  readonly queueMax: number
  readonly answered?: (seconds: number) => void
  readonly killed?: (reason: 'time' | 'memory') => void
}

export type SandboxAnswer =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'killed'; readonly reason: 'time' | 'memory' }
  | { readonly kind: 'busy' }

export interface Sandbox {
  run(request: unknown): Promise<SandboxAnswer>
  close(): Promise<void>
}

interface Job {
  readonly request: unknown
  readonly resolve: (answer: SandboxAnswer) => void
}

const START_MS_MAX = 15_000
const STARTS_MAX = 3

/**
 * One child process that does one thing at a time and is killed and replaced when it takes too long or too much memory. A
 * thread would not do: a heap that overflows takes the whole process with it.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const queue: Job[] = []
  let child: ChildProcess | undefined
  let ready = false
  let running: { readonly job: Job; readonly startedAt: number; readonly timer: NodeJS.Timeout } | undefined
  let starts = 0
  let closed = false
  let number = 0

  const start = (): void => {
    if (closed || child !== undefined) return
    const started = fork(options.entry, [], {
      // It needs to read its own code and nothing else: no writing, no processes, no code made from text, no environment.
      execArgv: [
        `--max-old-space-size=${options.heapMiBMax}`,
        '--permission',
        '--allow-fs-read=*',
        '--disallow-code-generation-from-strings',
        '--disable-warning=ExperimentalWarning',
      ],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'json',
    })
    child = started
    ready = false
    const startTimer = setTimeout(() => started.kill('SIGKILL'), START_MS_MAX)
    startTimer.unref()
    started.on('message', (message) => {
      clearTimeout(startTimer)
      if (message === 'ready') {
        ready = true
        starts = 0
        next()
        return
      }
      const { number: answered, answer } = message as { number: number; answer: unknown }
      if (answered === number) finish({ kind: 'answer', value: answer })
    })
    started.on('exit', () => {
      clearTimeout(startTimer)
      if (child !== started) return
      child = undefined
      // It has no other way to end by itself than a heap that is full.
      finish({ kind: 'killed', reason: 'memory' })
      starts += 1
      if (starts <= STARTS_MAX) start()
      else for (const job of queue.splice(0)) job.resolve({ kind: 'busy' })
    })
    started.on('error', () => started.kill('SIGKILL'))
    hold()
  }

  /** A child with something to do holds the process; an idle one must not hold a process that wants to end. */
  const hold = (): void => {
    const busy = running !== undefined || queue.length > 0
    if (busy) {
      child?.ref()
      child?.channel?.ref()
    } else {
      child?.unref()
      child?.channel?.unref()
    }
  }

  const finish = (answer: SandboxAnswer): void => {
    if (running === undefined) return
    const { job, startedAt, timer } = running
    running = undefined
    clearTimeout(timer)
    if (answer.kind === 'killed') options.killed?.(answer.reason)
    else options.answered?.((performance.now() - startedAt) / 1000)
    job.resolve(answer)
    hold()
    next()
  }

  const overrun = (): void => {
    const stuck = child
    child = undefined
    stuck?.kill('SIGKILL')
    finish({ kind: 'killed', reason: 'time' })
    start()
  }

  const next = (): void => {
    if (running !== undefined || queue.length === 0) return
    if (child === undefined) {
      starts = 0
      start()
      return
    }
    if (!ready) return
    const job = queue.shift()
    if (job === undefined) return
    number += 1
    running = { job, startedAt: performance.now(), timer: setTimeout(overrun, options.timeMsMax) }
    child.send({ number, request: job.request })
  }

  start()
  return {
    run: (request) => {
      if (closed || queue.length >= options.queueMax) return Promise.resolve({ kind: 'busy' })
      return new Promise((resolve) => {
        queue.push({ request, resolve })
        hold()
        next()
      })
    },
    close: async () => {
      closed = true
      for (const job of queue.splice(0)) job.resolve({ kind: 'busy' })
      finish({ kind: 'busy' })
      const last = child
      child = undefined
      if (last === undefined || last.exitCode !== null) return
      const ended = new Promise((resolve) => last.once('exit', resolve))
      last.ref()
      last.kill('SIGKILL')
      await ended
    },
  }
}
