import { watch } from 'node:fs/promises'

const QUIET_MS = 100

/** Calls `onChange` after files changed, once per burst of changes, until the signal is aborted. */
export async function watchPaths(
  paths: readonly string[],
  signal: AbortSignal,
  onChange: () => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(onChange)
    }, QUIET_MS)
  }
  await Promise.all(paths.map((path) => watchOne(path, signal, changed)))
  clearTimeout(timer)
  await running
}

async function watchOne(path: string, signal: AbortSignal, changed: () => void): Promise<void> {
  try {
    for await (const _change of watch(path, { recursive: true, signal })) changed()
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
