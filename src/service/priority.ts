import { readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority

/** Of a process behind the others: there is something left below it, for its helpers. */
const BEHIND = 15
/** On Linux every thread has a priority of its own, and the first one's number is that of the process; elsewhere only processes have one. */
const HAS_THREADS = process.platform === 'linux'
const THREADS = '/proc/self/task'

/** The threads of Node that compile and collect garbage, as the system knows them. */
const HELPER = 'V8Worker'

/** Puts a process behind the others, if it is not there yet: its first thread, and those that this one starts later. */
export const lowerProcess = (pid: number): void => put(pid, () => Math.max(BEHIND, getPriority(pid)))

/**
 * Puts the threads that work for the first one behind it. With as many threads as processors they would take its place in turns, although
 * all of them wait for it; what it needs of them they get while it waits for them.
 */
export function lowerHelpers(): void {
  const priority = behindFirst()
  for (const id of threads()) if (nameOf(id) === HELPER) put(Number(id), () => priority)
}

/** The thread at hand is one of those, too. */
export function lowerThread(): void {
  if (HAS_THREADS) put(0, behindFirst)
}

const behindFirst = (): number => Math.min(PRIORITY_LOW, getPriority(process.pid) + PRIORITY_BELOW_NORMAL)

function put(id: number, priority: () => number): void {
  try {
    setPriority(id, priority())
  } catch {
    // It has ended, or nobody may: it runs as any other.
  }
}

function threads(): readonly string[] {
  if (!HAS_THREADS) return []
  try {
    return readdirSync(THREADS)
  } catch {
    // Without /proc nothing says which threads there are.
    return []
  }
}

/** Undefined for a thread that has ended. */
function nameOf(thread: string): string | undefined {
  try {
    return readFileSync(`${THREADS}/${thread}/comm`, 'utf8').trim()
  } catch {
    return undefined
  }
}
