import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ServiceError } from './service-error.ts'

const LOCK = 'sequitur.pid'

/**
 * Makes the folder if need be and takes it for this process, so that two services never share a broker's store or a checkpoint.
 * What a killed process left is taken over. Returns the release.
 */
export function claimDataFolder(folder: string): () => void {
  const file = join(folder, LOCK)
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}`
  try {
    makeFolder(folder)
    for (let attempt = 0; ; attempt += 1) {
      try {
        writeFileSync(file, mine, { flag: 'wx', mode: 0o600 })
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error
        refuseIfAlive(file, folder)
        rmSync(file, { force: true })
      }
    }
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    throw new ServiceError(
      'data-folder-unusable',
      `the data folder ${folder} cannot be used (${reasonOf(cause)})`,
      {
        hint: 'check dataDir and its permissions',
        cause,
      },
    )
  }
  return () => {
    if (readText(file) === mine) rmSync(file, { force: true })
  }
}

/**
 * With those that it is in. Node's own way to do that never ends where a folder is there and the system says ENOENT of every folder in it,
 * as Linux does below /proc.
 */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
    const parent = dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(parent)) throw error
    makeFolder(parent)
    makeFolder(folder)
  }
}

/** Of what a call to the system failed: `EACCES: permission denied, mkdir '/data'`. */
const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function refuseIfAlive(file: string, folder: string): void {
  const [pid = '', start = ''] = (readText(file) ?? '').split(' ')
  if (Number(pid) === process.pid || !isAlive(Number(pid), start)) return
  throw new ServiceError('data-folder-in-use', `process ${pid} works in the data folder ${folder}`, {
    hint: 'stop it, or give this one another dataDir',
  })
}

function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  // The number may be a stranger's by now; where the system tells when a process began, that decides.
  const now = startOf(pid)
  return now === undefined || start === '' || now === start
}

/** When the process began, in the system's own ticks; undefined where it does not say. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
