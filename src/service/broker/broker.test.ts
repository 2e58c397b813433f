import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createListener, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  connectBroker,
  type EmbeddedServer,
  ensureAlertStream,
  ensureInputStream,
  isAtLeast,
  obtainNatsServer,
  startEmbeddedServer,
} from './index.ts'

const input = {
  stream: 'SEQUITUR_INPUT',
  subjects: ['events.>'],
  sourceStreams: [],
  inPlace: false,
  retentionMs: 0,
  bytesMax: 0,
}
const alerts = { retentionMs: 0, bytesMax: 0 }

/** Something that is no NATS server, on a free port. */
async function listening(server: Server): Promise<{
  readonly address: string
  /** Resolves when everybody who had connected is gone. */
  left(): Promise<unknown>
}> {
  const connections: Promise<unknown>[] = []
  server.on('connection', (socket) => void connections.push(once(socket.resume(), 'close')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    left: () => Promise.all(connections),
  }
}

describe('broker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-broker-'))
  let server: EmbeddedServer

  const start = async (): Promise<EmbeddedServer> =>
    startEmbeddedServer({ server: await obtainNatsServer(), folder, host: '127.0.0.1', port: 0 })

  beforeAll(async () => {
    server = await start()
  }, 400_000)
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('connects, creates its streams, and finds them as they are the second time', async () => {
    const broker = await connectBroker({ url: server.url, name: 'test' })
    const created = await ensureInputStream(broker, input)
    expect(created.config.subjects).toEqual(['events.>', 'sequitur.log.>'])
    await ensureAlertStream(broker, alerts)
    const again = await ensureInputStream(broker, { ...input, subjects: ['events.>', 'payments.>'] })
    expect(again.created).toBe(created.created)
    expect(again.config.subjects).toContain('payments.>')
    await broker.close()
  })

  it('reads a stream in place only if it can carry the control entries', async () => {
    const broker = await connectBroker({ url: server.url, name: 'test' })
    await broker.manager.streams.add({ name: 'THEIRS', subjects: ['theirs.>'] })
    const inPlace = { ...input, stream: 'THEIRS', inPlace: true }
    await expect(ensureInputStream(broker, inPlace)).rejects.toMatchObject({
      code: 'input-stream-missing-control',
    })
    await expect(ensureInputStream(broker, { ...inPlace, stream: 'NOWHERE' })).rejects.toMatchObject({
      code: 'input-stream-not-found',
    })
    await broker.close()
  })

  it('says that subjects overlap', async () => {
    const broker = await connectBroker({ url: server.url, name: 'test' })
    await expect(ensureInputStream(broker, { ...input, stream: 'SECOND' })).rejects.toMatchObject({
      code: 'stream-mismatch',
    })
    await broker.close()
  })

  it('fails at once, in one line, where nobody answers', async () => {
    await expect(connectBroker({ url: 'nats://127.0.0.1:1', name: 'test' })).rejects.toMatchObject({
      code: 'broker-unreachable',
    })
  })

  it.each<readonly [string, () => Server, string]>([
    [
      'says nothing',
      () => createListener((socket) => socket.on('error', () => undefined)),
      'it says nothing',
    ],
    ['speaks HTTP', () => createServer((_request, response) => response.end('hello')), 'it says nothing'],
    [
      'speaks of other things',
      () => createListener((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
      'it says "SSH-2.0-OpenSSH_9.6"',
    ],
  ])('names an address where something listens that %s', async (_what, create, says) => {
    const { address, left } = await listening(create())
    await expect(connectBroker({ url: `nats://me:secret@${address}`, name: 'test' })).rejects.toMatchObject({
      code: 'broker-not-nats',
      message: expect.stringMatching(new RegExp(`^what listens at ${address} is no NATS server: ${says}`)),
      hint: expect.stringContaining('correct nats.url'),
    })
    // Nothing is left that would keep the process from ending.
    await left()
  })

  it('finds the NATS server among several addresses', async () => {
    const { address } = await listening(createListener((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')))
    const broker = await connectBroker({ url: `nats://${address},${server.url}`, name: 'test' })
    await broker.close()
  })

  it('ends the orphan of an earlier run of the same folder', async () => {
    const orphan = server
    server = await start()
    await orphan.ended
    const broker = await connectBroker({ url: server.url, name: 'test' })
    expect((await broker.manager.streams.info('SEQUITUR_INPUT')).config.name).toBe('SEQUITUR_INPUT')
    await broker.close()
  })

  it.each([
    ['2.12.1', true],
    ['2.12.0', false],
    ['2.9.10', false],
    ['3.0.0-beta.1', true],
  ])('%s can publish atomic batches: %s', (version, expected) => {
    expect(isAtLeast(version, [2, 12, 1])).toBe(expected)
  })
})
