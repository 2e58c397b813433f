import { readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority

/** Between below normal and low. */
const LOW = 15
/** On Linux every thread has a priority of its own, and the first one has the number of the process; elsewhere there is but that of the process. */
const THREADS = '/proc/self/task'
const HAS_THREADS = process.platform === 'linux'

/** The threads of Node that compile and collect garbage, as the system knows them. */
const HELPER = 'V8Worker'

/** Puts a process behind the others; not quite to the end, so that its helpers can stand behind it. */
export const lowerProcess = (pid: number): void => put(pid, LOW)

/**
 * Puts the threads that work for the first one behind it. With as many threads as processors they would take its place in turns, although
 * all of them wait for it; what it needs of them they get while it waits for them.
 */
export function lowerHelpers(): void {
  for (const { id, name } of threads()) if (name === HELPER) put(id, behindFirst())
}

/** The thread at hand is one of those, too. */
export function lowerThread(): void {
  if (HAS_THREADS) put(0, behindFirst())
}

const behindFirst = (): number => Math.min(PRIORITY_LOW, getPriority(process.pid) + PRIORITY_BELOW_NORMAL)

function put(id: number, priority: number): void {
  try {
    setPriority(id, priority)
  } catch {
    // It has ended, or nobody may: it runs as any other.
  }
}

function threads(): Array<{ readonly id: number; readonly name: string }> {
  if (!HAS_THREADS) return []
  try {
    return readdirSync(THREADS).map((id) => ({
      id: Number(id),
      name: readFileSync(`${THREADS}/${id}/comm`, 'utf8').trim(),
    }))
  } catch {
    return []
  }
}
