import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

const { PRIORITY_LOW } = constants.priority

/** Puts a process behind the others; where a priority is a thread's, only its first thread and those that this one starts later. */
export function lowerPriority(pid?: number): void {
  try {
    if (pid === undefined) setPriority(PRIORITY_LOW)
    else setPriority(pid, PRIORITY_LOW)
  } catch {
    // It has ended, or nobody may: it runs as any other.
  }
}

/** The threads of this process that run already: on Linux each has a priority of its own, also those that collect garbage. */
export function lowerThreads(): void {
  lowerPriority()
  let threads: readonly string[] = []
  try {
    threads = readdirSync('/proc/self/task')
  } catch {
    return
  }
  for (const thread of threads) lowerPriority(Number(thread))
}
