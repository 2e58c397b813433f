import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/cli/main.ts')

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export interface RunOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Without settings of whoever runs the tests. */
const environmentOf = (extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(SEQUITUR_(?!NATS_SERVER)|OTEL_|NO_COLOR|FORCE_COLOR|VITEST|NODE_ENV)/.test(name),
  )
  return { ...Object.fromEntries(kept), ...extra }
}

/** `sequitur …` to its end. */
export async function sequitur(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startSequitur(words, options).ended
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it printed so far, both streams. */
  output(): string
  /** The first match of the pattern in what it printed; fails when it ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** `sequitur …` as a process of its own, ended after the test at the latest. */
export function startSequitur(words: readonly string[], options: RunOptions = {}): Running {
  return startProcess(process.execPath, [MAIN, ...words], options)
}

export function startProcess(program: string, words: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(program, words, {
    cwd: options.cwd ?? ROOT,
    env: environmentOf(options.environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let isEnded = false
  const watchers = new Set<() => void>()
  const changed = (): void => {
    for (const watcher of watchers) watcher()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    changed()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    changed()
  })
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) => {
      isEnded = true
      changed()
      resolve({ code, stdout, stderr })
    }),
  )
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> => {
    if (!isEnded) child.kill(signal)
    return ended
  }
  onTestFinished(async () => {
    await stop('SIGTERM')
  })
  return {
    child,
    ended,
    stop,
    output: () => stdout + stderr,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout) ?? pattern.exec(stderr)
          if (match === null && !isEnded) return
          watchers.delete(look)
          if (match !== null) resolve(match)
          else reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`))
        }
        watchers.add(look)
        look()
      }),
  }
}

/** Pids of processes whose command line contains the text. */
export async function processesWith(text: string): Promise<readonly string[]> {
  const { readdirSync, readFileSync } = await import('node:fs')
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}

export interface Service {
  readonly url: string
  readonly nats: string
  readonly folder: string
  readonly running: Running
}

/** `sequitur serve` on free ports in a folder of its own, ready. */
export async function startService(
  options: { readonly folder?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Service> {
  const folder = options.folder ?? temporaryFolder()
  const running = startSequitur(['serve', '--port', '0', '--data-dir', join(folder, 'data')], {
    cwd: folder,
    environment: { SEQUITUR_NATS_EMBEDDED_PORT: '0', ...options.environment },
  })
  const [, url = '', nats = ''] = await running.until(/"url":"([^"]+)","nats":"([^"]+)".*"msg":"ready"/)
  return { url, nats, folder, running }
}
