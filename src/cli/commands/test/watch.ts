import { once } from 'node:events'
import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { statusOf } from '../../rules/find-rule-files.ts'

const QUIET_MS = 100

/**
 * Runs once, and again after every burst of changes, until the signal is aborted. Watching begins before the first run, so that no
 * change falls between the two.
 */
export async function runOnChange(
  paths: readonly string[],
  signal: AbortSignal,
  run: () => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(run)
    }, QUIET_MS)
  }
  const watchers = paths.map((path) => watchOne(path, changed))
  running = running.then(run)
  if (!signal.aborted) await once(signal, 'abort')
  for (const watcher of watchers) watcher.close()
  clearTimeout(timer)
  await running
}

/** Editors replace files instead of writing into them: a file is watched through its folder. */
function watchOne(path: string, changed: () => void) {
  if (statusOf(path).isDirectory()) return watch(path, { recursive: true }, changed)
  const name = basename(path)
  return watch(dirname(path), (_kind, file) => {
    if (file === null || file === name) changed()
  })
}
