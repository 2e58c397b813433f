import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { obtainNatsServer } from '../../src/service/broker/index.ts'
import { ROOT } from './processes.ts'

/** A nats-server that is configured by hand, as an operator would. */
export interface GuardedNats {
  /** `127.0.0.1:<port>`. */
  readonly address: string
  /** What it refused somebody so far, a line each. */
  violations(): readonly string[]
  end(): Promise<void>
}

/** The users that the shipped file names. */
export const USERS = ['admin', 'api', 'worker', 'producer', 'subscriber'] as const
export type NatsUser = (typeof USERS)[number]

export const passwordOf = (user: NatsUser): string => `password-of-${user}`

const SHIPPED = join(ROOT, 'docs/reference/nats/sequitur.conf')

/** `configuration` stands behind the shipped users, or with `users: 'none'` alone. */
export async function startGuardedNats(
  configuration = '',
  users: 'shipped' | 'none' = 'shipped',
): Promise<GuardedNats> {
  const { path } = await obtainNatsServer({ older: 'replace' })
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-test-nats-'))
  cpSync(SHIPPED, join(folder, 'sequitur.conf'))
  const file = join(folder, 'nats-server.conf')
  const text = [
    'host: 127.0.0.1',
    'port: -1',
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`,
    ...(users === 'shipped' ? ['include sequitur.conf'] : []),
    configuration,
  ]
  writeFileSync(file, text.join('\n'))
  const passwords = USERS.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, passwordOf(user)])
  const child = spawn(path, ['-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], ...Object.fromEntries(passwords) },
  })
  let log = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk
      const port = /Listening for client connections on (\S+)/.exec(log)?.[1]
      if (port !== undefined && log.includes('Server is ready')) resolve(port)
    })
    child.once('close', () => reject(new Error(`nats-server ended: ${log}`)))
  })
  return {
    address,
    violations: () => log.split('\n').filter((line) => /Violation/i.test(line)),
    end: async () => {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
