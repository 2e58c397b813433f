import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ServiceError } from '../../service-error.ts'
import { isAtLeast } from '../connect.ts'
import { cacheFolder, type FoundServer, findNatsServer, probe } from './find.ts'

const run = promisify(execFile)

/** The version that is obtained where none is found. */
const VERSION = '2.12.1'

export interface ObtainOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** One line of progress for people. */
  readonly say?: (line: string) => void
  /**
   * What to do about a server that is found and too old for atomic batches: `use` it (one partition only, but no wait), or
   * `replace` it by one that is brought into the cache, and use it only if none can be had. Default: `use`.
   */
  readonly older?: 'use' | 'replace'
}

interface Way {
  readonly name: string
  /** Puts an executable `nats-server` into `folder`, or throws. */
  fetch(folder: string): Promise<void>
}

/** A pinned release, a newer one of the distribution (seconds), the pinned one built here (minutes), an older one. */
const ways: readonly Way[] = [
  { name: `official release ${VERSION}`, fetch: fetchRelease },
  { name: 'Debian package of forky', fetch: (folder) => debianPackage(folder, 'forky') },
  { name: `go install ${VERSION}`, fetch: goInstall },
  { name: 'Debian package of trixie', fetch: (folder) => debianPackage(folder, 'trixie') },
  { name: 'Debian package of bookworm', fetch: (folder) => debianPackage(folder, 'bookworm') },
]

/**
 * Finds a nats-server, or brings one into the cache folder. Throws `nats-server-not-found` with what was tried and why it failed.
 */
export async function obtainNatsServer(options: ObtainOptions = {}): Promise<FoundServer> {
  const environment = options.environment ?? process.env
  const found = findNatsServer(environment)
  const named = environment['SEQUITUR_NATS_SERVER'] ?? ''
  if (found !== undefined && (named !== '' || options.older !== 'replace' || isModern(found))) return found
  const failures: string[] = named === '' ? [] : [`SEQUITUR_NATS_SERVER: ${named} does not run`]
  for (const way of ways) {
    const tried = await tryWay(way, { environment, say: options.say ?? (() => undefined), found })
    if (typeof tried !== 'string') return tried
    failures.push(`${way.name}: ${tried}`)
  }
  if (found !== undefined) return found
  throw new ServiceError(
    'nats-server-not-found',
    `no nats-server on this machine, and none could be obtained (${failures.join('; ')})`,
    { hint: 'install nats-server, name one with SEQUITUR_NATS_SERVER, or configure nats.url' },
  )
}

/** The server that the way brought, or why it brought none that is better than the one that was found. */
async function tryWay(
  way: Way,
  context: {
    readonly environment: NodeJS.ProcessEnv
    readonly say: (line: string) => void
    readonly found: FoundServer | undefined
  },
): Promise<FoundServer | string> {
  const { environment, found, say } = context
  const why = found === undefined ? 'no nats-server on this machine' : `nats-server ${found.version} is old`
  say(`${why}: trying the ${way.name} …`)
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-nats-server-'))
  try {
    await way.fetch(folder)
    const brought = probe(join(folder, 'nats-server'))
    if (brought === undefined) return 'what came does not run here'
    if (found !== undefined && !isModern(brought)) return `${brought.version} is old, too`
    const path = keep(brought.path, cacheFolder(environment))
    say(`nats-server ${brought.version} is in ${path}`)
    return { path, version: brought.version }
  } catch (error) {
    return firstLine(error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isModern = ({ version }: FoundServer): boolean => isAtLeast(version, [2, 12, 1])

/** Into place by rename, so that another process never sees half a file. */
function keep(file: string, folder: string): string {
  mkdirSync(folder, { recursive: true })
  const staged = join(folder, `nats-server.${process.pid}`)
  const path = join(folder, 'nats-server')
  copyFileSync(file, staged)
  chmodSync(staged, 0o755)
  renameSync(staged, path)
  return path
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

async function fetchRelease(folder: string): Promise<void> {
  const architecture = architectures[process.arch]
  if (architecture === undefined) throw new Error(`no release for ${process.arch}`)
  const system = process.platform === 'darwin' ? 'darwin' : 'linux'
  const name = `nats-server-v${VERSION}-${system}-${architecture}.tar.gz`
  const base = `https://github.com/nats-io/nats-server/releases/download/v${VERSION}`
  const sums = await (await download(`${base}/SHA256SUMS`, 15_000)).text()
  const wanted = sums
    .split('\n')
    .find((line) => line.trim().endsWith(name))
    ?.split(/\s+/)[0]
  if (wanted === undefined) throw new Error(`the release has no checksum for ${name}`)
  const archive = new Uint8Array(await (await download(`${base}/${name}`, 90_000)).arrayBuffer())
  const sum = createHash('sha256').update(archive).digest('hex')
  if (sum !== wanted) throw new Error(`checksum of ${name} is ${sum}, not ${wanted}`)
  const file = join(folder, name)
  writeFileSync(file, archive)
  await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1'], { timeout: 30_000 })
}

async function download(url: string, timeoutMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'follow' })
  if (!response.ok) throw new Error(`the download answered ${response.status}`)
  return response
}

async function goInstall(folder: string): Promise<void> {
  await run('go', ['install', `github.com/nats-io/nats-server/v2@v${VERSION}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-trimpath' },
    cwd: tmpdir(),
    timeout: 300_000,
  })
}

/** Unpacks the package without installing it, with package lists of its own: the system is not changed. */
async function debianPackage(folder: string, suite: string): Promise<void> {
  const configuration = prepareApt(folder, suite, await debianMirror())
  const apt = (...args: string[]) =>
    run('apt-get', ['-qq', '-c', configuration, ...args], { cwd: folder, timeout: 90_000 })
  await apt('update')
  await apt('download', 'nats-server')
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))
  if (archive === undefined) throw new Error(`${suite} has no nats-server`)
  await run('dpkg', ['-x', archive, 'unpacked'], { cwd: folder, timeout: 30_000 })
  renameSync(join(folder, 'unpacked', 'usr', 'sbin', 'nats-server'), join(folder, 'nats-server'))
}

/** The mirror that this machine already uses. */
async function debianMirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE)'], { timeout: 10_000 })
  const site = stdout.split('\n').find((line) => line.trim().endsWith('/debian'))
  if (site === undefined) throw new Error('this machine has no Debian package source')
  return site.trim()
}

function prepareApt(folder: string, suite: string, mirror: string): string {
  const root = join(folder, suite)
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'etc'])
    mkdirSync(join(root, part), { recursive: true })
  writeFileSync(
    join(root, 'etc', 'sources.list'),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${suite} main\n`,
  )
  const file = join(root, 'apt.conf')
  const settings = [
    `Dir::State "${root}/state";`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache "${root}/cache";`,
    `Dir::Etc::sourcelist "${root}/etc/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    'APT::Sandbox::User "root";',
  ]
  writeFileSync(file, `${settings.join('\n')}\n`)
  return file
}

function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.message.split('\n').find((line) => line.trim() !== '') ?? error.name}${cause}`
}
