import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names the data folder, not the process: made once, kept beside the checkpoints. */
export function ownerId(dataDir: string): string {
  const file = join(dataDir, 'worker-id')
  try {
    const known = readFileSync(file, 'utf8').trim()
    if (known !== '') return known
  } catch {
    // A new data folder.
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const id = randomUUID()
  writeFileSync(file, `${id}\n`, { mode: 0o600 })
  return id
}
