import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { isAtLeast } from '../connect.ts'

export interface FoundServer {
  readonly path: string
  readonly version: string
}

/** Where obtained servers are kept, shared by all checkouts. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sequitur', 'nats-server')
}

/**
 * The best nats-server on this machine: the one that SEQUITUR_NATS_SERVER names, else the first of the cache folder and the PATH
 * (with the folders where packages put daemons) that can publish atomic batches, else the first that runs at all.
 */
export function findNatsServer(environment: NodeJS.ProcessEnv = process.env): FoundServer | undefined {
  const named = environment['SEQUITUR_NATS_SERVER']
  if (named !== undefined && named !== '') return probe(named)
  const folders = [
    cacheFolder(environment),
    ...(environment['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    join(homedir(), 'go', 'bin'),
  ]
  const found = folders.flatMap((folder) => {
    const server = folder === '' ? undefined : probe(join(folder, 'nats-server'))
    return server === undefined ? [] : [server]
  })
  return found.find(({ version }) => isAtLeast(version, [2, 12, 1])) ?? found[0]
}

/** What an executable says it is; undefined where it does not run here. */
export function probe(path: string): FoundServer | undefined {
  try {
    accessSync(path, constants.X_OK)
    const printed = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const version = /v(\d+\.\d+\.\d+\S*)/.exec(printed)?.[1]
    return version === undefined ? undefined : { path, version }
  } catch {
    return undefined
  }
}
