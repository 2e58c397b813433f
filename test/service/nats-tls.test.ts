import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connectBroker } from '../../src/service/broker/index.ts'
import { type Config, loadConfig } from '../../src/service/config/index.ts'
import { openBroker } from '../../src/service/parts.ts'
import { startGuardedNats } from '../support/guarded-nats.ts'

const folder = mkdtempSync(join(tmpdir(), 'sequitur-tls-'))
const at = (name: string): string => join(folder, name)
const quoted = (name: string): string => JSON.stringify(at(name))

const openssl = (...words: string[]): void => {
  execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })
}

/** A certificate authority of the test's own, and what it signs. */
function authority(name: string): void {
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
  )
}

function certificate(name: string, by: string, names: string): void {
  openssl(
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`],
  )
  writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`)
  openssl(
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'],
    ...['-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
  )
}

beforeAll(() => {
  authority('ca')
  authority('stranger')
  certificate('server', 'ca', 'DNS:localhost,IP:127.0.0.1')
  certificate('elsewhere', 'ca', 'DNS:nats.example.com')
  certificate('worker', 'ca', 'email:worker@example.com')
  certificate('false-worker', 'stranger', 'email:worker@example.com')
})
afterAll(() => rmSync(folder, { recursive: true }))

async function serverWith(certificateName: string, more = ''): Promise<string> {
  const server = await startGuardedNats(
    `tls { cert_file: ${quoted(`${certificateName}.pem`)}, key_file: ${quoted(`${certificateName}.key`)}, ${more} }
    authorization { users: [{ user: "w", password: "secret of w" }, { user: "worker@example.com" }] }`,
    'none',
  )
  onTestFinished(() => server.end())
  return `nats://${server.address}`
}

/** The whole way: from the file of the configuration to the streams. */
async function open(nats: object): Promise<void> {
  const config = loadConfig({ environment: {}, workingFolder: folder, overrides: { nats } })
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  const owned = await openBroker(config.value satisfies Config, {
    name: 'tls test',
    mayEmbed: false,
    mayUpdateStreams: true,
    say: () => undefined,
  })
  await owned.close()
}

describe('TLS to NATS', () => {
  const login = { user: 'w', passwordFile: 'password' }
  beforeAll(() => writeFileSync(at('password'), 'secret of w\n'))

  test('a server that our authority vouches for is connected to', async () => {
    await open({ url: await serverWith('server'), ...login, tls: { caFile: 'ca.pem' } })
  })

  test.each([
    ['an unknown authority', 'server', { caFile: 'stranger.pem' }],
    ['nobody we know', 'server', {}],
    ['our authority, for another name', 'elsewhere', { caFile: 'ca.pem' }],
  ])('a server with a certificate of %s is not', async (_what, name, tls) => {
    await expect(open({ url: await serverWith(name), ...login, tls })).rejects.toMatchObject({
      code: 'broker-tls',
    })
  })

  test('a server without TLS is not, and hears no password', async () => {
    const plain = await startGuardedNats('', 'none')
    onTestFinished(() => plain.end())
    await expect(
      open({ url: `nats://${plain.address}`, ...login, tls: { caFile: 'ca.pem' } }),
    ).rejects.toMatchObject({ code: 'broker-tls' })
  })

  test('a client is who its certificate says', async () => {
    const url = await serverWith('server', `ca_file: ${quoted('ca.pem')}, verify_and_map: true`)
    const of = (name: string) => ({ caFile: 'ca.pem', certFile: `${name}.pem`, keyFile: `${name}.key` })
    await open({ url, tls: of('worker') })
    await expect(open({ url, tls: { caFile: 'ca.pem' } })).rejects.toMatchObject({
      code: expect.stringMatching(/^broker-/),
    })
    await expect(open({ url, tls: of('false-worker') })).rejects.toMatchObject({
      code: expect.stringMatching(/^broker-/),
    })
  })

  test('a file that is not there is named', async () => {
    await expect(
      open({ url: await serverWith('server'), ...login, tls: { caFile: 'none.pem' } }),
    ).rejects.toThrow('none.pem')
  })
})

describe('credentials', () => {
  test('a wrong password is refused, and stands in no message', async () => {
    const server = await startGuardedNats('authorization { user: "w", password: "right" }', 'none')
    onTestFinished(() => server.end())
    const refused = await connectBroker({
      url: `nats://${server.address}`,
      name: 'test',
      user: 'w',
      password: 'canary-password',
    }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'broker-refused' })
    expect(`${String(refused)} ${String((refused as Error).cause)}`).not.toContain('canary-password')
  })
})
