import { jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { publishAll, startTestNats, type TestNats } from '../../../test/support/nats.ts'
import { eventTime, type LogEntry, streamSequence } from '../../engine/index.ts'
import { type Broker, findStream } from '../broker/index.ts'
import { ensureErasureStream } from '../erasure/index.ts'
import type { BatchSource } from '../worker/ports.ts'
import { openCursor, openReader, positionProof, readSpan, SpanReader, verifyPosition } from './index.ts'
import { packEntries, unpackEntries } from './packed-entries.ts'
import type { SpanReaderOptions } from './span-reader.ts'

const STREAM = 'IN'
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    subject: `in.${(from + index) % 3}`,
    payload: String(from + index),
  }))

describe.each([
  ['a cursor', openCursor],
  ['a cursor in a thread of its own', openReader],
])('ingest by %s', (_name, openSource) => {
  let nats: TestNats
  let broker: Broker
  let sources: BatchSource[] = []

  beforeAll(async () => {
    nats = await startTestNats()
    broker = await nats.connect()
  }, 400_000)
  afterAll(() => nats.end())
  beforeEach(() => broker.manager.streams.add({ name: STREAM, subjects: ['in.>'] }))
  afterEach(async () => {
    await Promise.all(sources.map((source) => source.close()))
    sources = []
    await broker.manager.streams.delete(STREAM)
  })

  const open = (after = 0, over = {}): BatchSource => {
    const source = openSource(broker, { stream: STREAM, after, stallMs: 1_000, ...over })
    sources.push(source)
    return source
  }
  const texts = (entries: readonly LogEntry[]): string[] =>
    entries.map(({ payload }) => new TextDecoder().decode(payload))

  /** Entries until the last one has this text; `between` runs once, behind the first batch. */
  const readTo = async (
    source: BatchSource,
    last: string,
    between?: () => Promise<unknown>,
  ): Promise<LogEntry[]> => {
    const entries: LogEntry[] = []
    let meanwhile: Promise<unknown> | undefined
    try {
      for await (const batch of source.batches()) {
        // What a batch holds is valid until the next one is asked for.
        for (const entry of batch) entries.push({ ...entry, payload: entry.payload.slice() })
        meanwhile ??= between?.()
        if (texts(entries.slice(-1))[0] === last) break
      }
    } finally {
      await meanwhile
    }
    return entries
  }
  const expectNumbered = (entries: readonly LogEntry[], from: number, to: number): void => {
    expect(texts(entries)).toEqual(numbered(from, to).map(({ payload }) => payload))
    expect(entries.map(({ sequence }) => sequence)).toEqual(
      numbered(from, to).map((_, index) => from + index),
    )
  }

  it('begins behind its position and follows what comes', async () => {
    await publishAll(broker, numbered(1, 30))
    const source = open(10)
    const entries = await readTo(source, '40', () => publishAll(broker, numbered(31, 40), 'later'))
    expectNumbered(entries, 11, 40)
    expect(entries[0]).toMatchObject({ subject: 'in.2' })
    expect(source.pending).toBe(0)
  })

  it('hands out names of headers in lower case, and none where there are none', async () => {
    const sent = headers()
    sent.set('Traceparent', '00-1-2-01')
    const { seq } = await jetstream(broker.connection).publish('in.a', 'x', { headers: sent })
    await jetstream(broker.connection).publish('in.a', 'y')
    const [first, second] = await readTo(open(), 'y')
    expect(first?.headers).toEqual({ traceparent: '00-1-2-01' })
    expect(second).not.toHaveProperty('headers')
    const stored = await broker.manager.streams.getMessage(STREAM, { seq })
    expect(first?.ingestedAt).toBe(Math.floor(stored?.time.getTime() ?? 0))
  })

  it('reads no more ahead than it may, however large the entries are', async () => {
    const large = 'x'.repeat(300_000)
    const messages = numbered(1, 60).map(({ subject, payload }) => ({
      subject,
      payload: `${payload} ${large}`,
    }))
    await publishAll(broker, messages)
    const source = open(0, { entriesMax: 8, bytesMax: 1 })
    const sizes: number[] = []
    let read = 0
    for await (const batch of source.batches()) {
      sizes.push(batch.length)
      read += batch.length
      expect(batch.at(-1)?.sequence).toBe(read)
      if (read === 60) break
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8)
  })

  it('goes on without a gap when the server is killed under load', async () => {
    await publishAll(broker, numbered(1, 50))
    const entries = await readTo(open(), '250', async () => {
      const publishing = publishAll(broker, numbered(51, 250), 'later')
      await nats.kill()
      await nats.restart()
      await publishing
    })
    expectNumbered(entries, 1, 250)
  })

  it('makes a new consumer when its own is taken away', async () => {
    await publishAll(broker, numbered(1, 5))
    const entries = await readTo(open(), '9', async () => {
      for await (const { name } of broker.manager.consumers.list(STREAM))
        await broker.manager.consumers.delete(STREAM, name)
      await publishAll(broker, numbered(6, 9), 'later')
    })
    expectNumbered(entries, 1, 9)
  })

  it('stops at a gap', async () => {
    await publishAll(broker, numbered(1, 6))
    await broker.manager.streams.deleteMessage(STREAM, 4)
    await expect(readTo(open(), '6')).rejects.toMatchObject({ code: 'stream-gap' })
  })

  it('takes tombstones in the place of what was erased, and nothing else', async () => {
    await publishAll(broker, numbered(1, 9))
    await ensureErasureStream(broker)
    const info = await findStream(broker, STREAM)
    const tombstone = (sequence: number) => ({
      sequence,
      ingestedAt: 5,
      event: { subject: 'in.x', time: sequence },
    })
    const write = (page: number, log: string, ...tombstones: readonly object[]) =>
      jetstream(broker.connection).publish(
        `sequitur.erasure.tombstones.er-1.${page}`,
        JSON.stringify({ log, tombstones }),
      )
    for (const sequence of [1, 4, 5, 8]) await broker.manager.streams.deleteMessage(STREAM, sequence)
    await write(0, `${STREAM} ${info?.created}`, ...[1, 4, 5].map(tombstone))
    // Of the stream that had the name before.
    await write(1, `${STREAM} before`, tombstone(8))
    await expect(readTo(open(), '9')).rejects.toMatchObject({ code: 'stream-gap' })
    await write(2, `${STREAM} ${info?.created}`, tombstone(8))
    const entries = await readTo(open(), '9')
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(entries[3]).toMatchObject({ subject: 'sequitur.log.erased', ingestedAt: 5 })
    expect(texts(entries)[3]).toBe('{"event":{"subject":"in.x","time":4}}')
    expect((await readTo(open(3), '9')).map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8, 9])
    const read = async (
      subjects: readonly string[],
      first: number,
      last: number,
    ): Promise<readonly number[]> => {
      const found: number[] = []
      for await (const batch of readSpan(broker, { stream: STREAM, subjects, first, last }))
        found.push(...batch.map(({ sequence }) => sequence))
      return found
    }
    expect(await read([], 1, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await read([], 4, 8)).toEqual([4, 5, 6, 7, 8])
    expect(await read(['in.x'], 1, 9)).toEqual([1, 4, 5, 8])
    expect(await read(['in.0'], 1, 9)).toEqual([3, 6, 9])
    await broker.manager.streams.delete('SEQUITUR_ERASURES')
  })

  it('stops when the stream is made anew behind its back', async () => {
    await publishAll(broker, numbered(1, 6))
    const reading = readTo(open(), 'never', async () => {
      await broker.manager.streams.delete(STREAM)
      await broker.manager.streams.add({ name: STREAM, subjects: ['in.>'] })
      await publishAll(broker, numbered(1, 20), 'new')
    })
    await expect(reading).rejects.toMatchObject({ code: 'stream-recreated' })
  })

  it('stops when the server comes back without the tail that was read', async () => {
    await publishAll(broker, numbered(1, 5))
    await nats.kill()
    nats.saveStore()
    await nats.restart()
    await publishAll(broker, numbered(6, 9), 'lost')
    const reading = readTo(open(), 'never', async () => {
      await nats.kill()
      nats.loadStore()
      await nats.restart()
      await publishAll(broker, numbered(6, 30), 'other')
    })
    await expect(reading).rejects.toMatchObject({ code: 'stream-rolled-back' })
  })

  describe('the position', () => {
    const known = async (position: number) => {
      const entries = await readTo(open(), '9')
      const entry = entries[position - 1]
      const info = await findStream(broker, STREAM)
      return {
        position,
        identity: { stream: STREAM, created: info?.created ?? '' },
        positionProof: entry === undefined ? undefined : positionProof(entry),
      }
    }
    const verify = async (position: Parameters<typeof verifyPosition>[2]): Promise<void> => {
      const info = await findStream(broker, STREAM)
      if (info !== undefined) await verifyPosition(broker, info, position)
    }
    beforeEach(() => publishAll(broker, numbered(1, 9)))

    it('is accepted in the stream that it is of', async () => {
      await verify(await known(7))
      await verify(await known(9))
      await verify({ position: 0, identity: undefined, positionProof: undefined })
    })

    it.each([
      ['stream-recreated', { identity: { stream: STREAM, created: '2020-01-01T00:00:00Z' } }],
      ['stream-rolled-back', { position: 12 }],
      ['stream-rolled-back', { positionProof: '1:2' }],
    ])('is refused as %s', async (code, change) => {
      await expect(verify({ ...(await known(7)), ...change })).rejects.toMatchObject({ code })
    })

    it('is refused when what follows has expired', async () => {
      const position = await known(3)
      await broker.manager.streams.purge(STREAM, { seq: 4 })
      await verify(position)
      await broker.manager.streams.purge(STREAM, { seq: 6 })
      await expect(verify(position)).rejects.toMatchObject({ code: 'stream-truncated' })
    })
  })
})

describe.each([
  ['in this thread', (broker: Broker, span: SpanReaderOptions) => new SpanReader(broker, span).batches()],
  ['in a thread of its own', readSpan],
])('a part of the log, read %s', (_name, read) => {
  it('ends with its last entry, though the server is killed behind the last request', async () => {
    const nats = await startTestNats()
    const broker = await nats.connect()
    try {
      await broker.manager.streams.add({ name: STREAM, subjects: ['in.>'] })
      await publishAll(broker, numbered(1, 25_000))
      const sequences: number[] = []
      for await (const batch of read(broker, {
        stream: STREAM,
        subjects: ['in.0'],
        first: 2,
        last: 24_999,
      })) {
        const isFirst = sequences.length === 0
        for (const { sequence } of batch) sequences.push(sequence)
        if (!isFirst) continue
        await nats.kill()
        await nats.restart()
      }
      const wanted = Array.from({ length: 25_000 }, (_, index) => index + 1).filter(
        (number) => number % 3 === 0 && number < 25_000,
      )
      expect(sequences).toEqual(wanted)
    } finally {
      await nats.end()
    }
  })
})

describe('what is handed from thread to thread', () => {
  it.each([1, 2 ** 31 - 2, 2 ** 32 - 1, 2 ** 40])(
    'is what was packed, headers and empty payloads included, from %d on',
    (first) => {
      const entries = [
        { payload: 'one', subject: 'in.a', headers: { 'nats-msg-id': '1' } },
        { payload: '', subject: 'in.b' },
        { payload: 'drei ü', subject: 'in.a' },
      ].map(({ payload, ...rest }, index) => ({
        ...rest,
        sequence: streamSequence(first + index),
        ingestedAt: eventTime(1_767_225_600_000 + index),
        payload: new TextEncoder().encode(payload),
      }))
      const packed = structuredClone(packEntries(entries))
      expect(unpackEntries(packed)).toEqual(entries)
      expect(packed.subjects).toEqual(['in.a', 'in.b'])
    },
  )

  it('ends with the reason when the thread cannot connect, and when it is closed before it did', async () => {
    const nats = await startTestNats()
    const broker = await nats.connect()
    try {
      const refused = { ...broker, options: { ...broker.options, credsFile: '/nowhere/creds' } }
      const source = openReader(refused, { stream: STREAM, after: 0 })
      const reading = source.batches()[Symbol.asyncIterator]().next()
      await expect(reading).rejects.toMatchObject({ code: 'broker-credentials' })
      await source.close()
      const closed = openReader(broker, { stream: STREAM, after: 0 })
      const waiting = closed.batches()[Symbol.asyncIterator]().next()
      await closed.close()
      expect(await waiting).toMatchObject({ done: true })
    } finally {
      await nats.end()
    }
  })
})
