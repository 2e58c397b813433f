import type { StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MemoryAlertLog } from '../../../test/support/memory-alert-log.ts'
import { startTestNats, type TestNats } from '../../../test/support/nats.ts'
import { type Effect, eventTime } from '../../engine/index.ts'
import { ALERT_STREAM, type Broker, ensureAlertStream, isNotFound } from '../broker/index.ts'
import type { ServiceError } from '../service-error.ts'
import { systemClock } from '../worker/index.ts'
import type { AlertSink } from '../worker/ports.ts'
import { Backoff, openAlertSink } from './index.ts'

const effects = (from: number, to: number, prefix = 'id'): Effect[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    number: from + index,
    kind: 'alert',
    subject: `alerts.test.rule-${(from + index) % 3}.high`,
    id: `${prefix}-${from + index}`,
    payload: `{"n":${from + index}}`,
    headers: { 'Content-Type': 'application/cloudevents+json' },
    time: eventTime(from + index),
  }))

interface Stored {
  readonly number: number
  readonly id: string
  readonly subject: string
  readonly payload: string
}

/** A log that a test may look into and hurt. */
interface Log {
  open(onTrouble?: (error: ServiceError) => void): AlertSink
  stored(): Promise<readonly Stored[]>
  /** Runs `lost`, then takes back what it did. */
  losing(lost: () => Promise<void>): Promise<void>
}

const memoryLog = (): Log => {
  const log = new MemoryAlertLog()
  return {
    open: () => log.open(),
    stored: async () => log.effects,
    losing: async (lost) => {
      const kept = log.effects.length
      await lost()
      log.loseTail(kept)
    },
  }
}

function jetStreamLog(nats: TestNats, broker: Broker, hasAtomicBatch: boolean): Log {
  return {
    open: (onTrouble = () => undefined) =>
      openAlertSink(
        { ...broker, hasAtomicBatch },
        { partition: 0, partitions: 1, backoff: new Backoff(systemClock), onTrouble },
      ),
    stored: () => readLog(broker),
    losing: async (lost) => {
      await nats.kill()
      nats.saveStore()
      await nats.restart()
      await lost()
      await nats.kill()
      nats.loadStore()
      await nats.restart()
    },
  }
}

async function readLog(broker: Broker): Promise<readonly Stored[]> {
  const { state } = await broker.manager.streams.info(ALERT_STREAM)
  const stored: Stored[] = []
  for (let seq = state.first_seq; seq <= state.last_seq && seq > 0; seq += 1) {
    const message = await broker.manager.streams.getMessage(ALERT_STREAM, { seq })
    const number = message?.header?.get('Sequitur-Number') ?? ''
    if (message === null || number === '') continue
    expect(message.header?.get('Sequitur-Partition')).toBe('0')
    expect(message.header?.get('Content-Type')).toBe('application/cloudevents+json')
    const id = message.header?.get('Nats-Msg-Id') ?? ''
    stored.push({ number: Number(number), id, subject: message.subject, payload: message.string() })
  }
  return stored
}

const changeAlerts = (broker: Broker, change: Partial<StreamConfig>): Promise<StreamInfo> =>
  broker.manager.streams.update(ALERT_STREAM, change)

describe('alert sinks', () => {
  let nats: TestNats
  let broker: Broker
  beforeAll(async () => {
    nats = await startTestNats()
    broker = await nats.connect()
  }, 400_000)
  afterAll(() => nats.end())
  beforeEach(async () => {
    await broker.manager.streams.delete(ALERT_STREAM).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
  })

  const expectStored = async (log: Log, wanted: readonly Effect[]): Promise<void> => {
    const stored = (await log.stored()).map(({ number, id, subject, payload }) => ({
      number,
      id,
      subject,
      payload,
    }))
    expect(stored).toEqual(
      wanted.map(({ number, id, subject, payload }) => ({ number, id, subject, payload })),
    )
  }

  describe.each(['memory', 'atomic batch', 'expected sequence'])('%s', (kind) => {
    let log: Log
    beforeEach(() => {
      log = kind === 'memory' ? memoryLog() : jetStreamLog(nats, broker, kind === 'atomic batch')
    })

    it('keeps effects in order and tells the next owner how far it is', async () => {
      const sink = log.open()
      expect(await sink.claim(1)).toBe(0)
      await sink.publish([])
      await sink.publish(effects(1, 3))
      await sink.publish(effects(4, 4))
      await expectStored(log, effects(1, 4))
      const next = log.open()
      expect(await next.claim(2)).toBe(4)
      await next.publish(effects(5, 6))
      await expectStored(log, effects(1, 6))
      await Promise.all([sink.close(), next.close()])
    })

    it('takes thousands at once', async () => {
      const sink = log.open()
      await sink.claim(1)
      await sink.publish(effects(1, 2_300))
      await expectStored(log, effects(1, 2_300))
      await sink.close()
    })

    it('takes nothing from an owner whose time is over', async () => {
      const older = log.open()
      await older.claim(1)
      await older.publish(effects(1, 2))
      const newer = log.open()
      await newer.claim(2)
      await expect(older.publish(effects(3, 5))).rejects.toMatchObject({ code: 'fenced' })
      await expectStored(log, effects(1, 2))
      await newer.publish(effects(3, 3))
      await expect(older.publish(effects(3, 5))).rejects.toMatchObject({ code: 'fenced' })
      await expectStored(log, effects(1, 3))
      await Promise.all([older.close(), newer.close()])
    })

    it('lets the last one who claims write, whatever epoch it comes with', async () => {
      const first = log.open()
      await first.claim(7)
      const restoredFromAnOlderCopy = log.open()
      await restoredFromAnOlderCopy.claim(1)
      await restoredFromAnOlderCopy.publish(effects(1, 1))
      await expect(first.publish(effects(1, 1))).rejects.toMatchObject({ code: 'fenced' })
      await expectStored(log, effects(1, 1))
      await Promise.all([first.close(), restoredFromAnOlderCopy.close()])
    })

    it('keeps every effect, even if two have one id', async () => {
      const sink = log.open()
      await sink.claim(1)
      const [one, two, three] = effects(1, 3) as [Effect, Effect, Effect]
      await sink.publish([one, { ...two, id: one.id }])
      await sink.publish([{ ...three, id: one.id }])
      expect((await log.stored()).map(({ number }) => number)).toEqual([1, 2, 3])
      await sink.close()
    })

    it('notices that the log lost its tail, and goes on after a claim', async () => {
      const sink = log.open()
      await sink.claim(1)
      await sink.publish(effects(1, 3))
      await log.losing(async () => {
        await sink.claim(2)
        await sink.publish(effects(4, 6))
      })
      await expect(sink.publish(effects(7, 8))).rejects.toMatchObject({ code: 'alert-log-lost' })
      expect(await sink.claim(2)).toBe(3)
      await sink.publish(effects(4, 8))
      await expectStored(log, effects(1, 8))
      await sink.close()
    })
  })

  describe.each(['atomic batch', 'expected sequence'])('%s, over a broker in trouble', (kind) => {
    let log: Log
    beforeEach(() => {
      log = jetStreamLog(nats, broker, kind === 'atomic batch')
    })

    it('publishes everything once while the server is killed', async () => {
      const sink = log.open()
      await sink.claim(1)
      const publishing = (async () => {
        for (let from = 1; from <= 1_000; from += 25) await sink.publish(effects(from, from + 24))
      })()
      await nats.kill()
      await nats.restart()
      await publishing
      await expectStored(log, effects(1, 1_000))
      await sink.close()
    })

    it('waits while the log is full, and says so', async () => {
      const troubles: ServiceError[] = []
      const sink = log.open((error) => troubles.push(error))
      await sink.claim(1)
      await changeAlerts(broker, { max_msgs: 2, discard: 'new' })
      const publishing = sink.publish(effects(1, 40))
      while (troubles.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      expect(troubles[0]).toMatchObject({ code: 'alert-log-refused' })
      await changeAlerts(broker, { max_msgs: -1 })
      await publishing
      await expectStored(log, effects(1, 40))
      await sink.close()
    })

    it('is not confused by messages of strangers', async () => {
      const sink = log.open()
      await sink.claim(1)
      await sink.publish(effects(1, 2))
      broker.connection.publish('alerts.stranger', 'hello')
      await broker.connection.flush()
      await sink.publish(effects(3, 4))
      await expectStored(log, effects(1, 4))
      const next = log.open()
      broker.connection.publish('sequitur.notice.stranger', '{"number":1}')
      expect(await next.claim(2)).toBe(4)
      await Promise.all([sink.close(), next.close()])
    })
  })

  it('refuses several partitions where the server cannot fence them', () => {
    const backoff = new Backoff(systemClock)
    const options = { partition: 0, partitions: 2, backoff, onTrouble: () => undefined }
    expect(() => openAlertSink({ ...broker, hasAtomicBatch: false }, options)).toThrow(/2 partitions/)
  })

  it('keeps partitions apart', async () => {
    const open = (partition: number): AlertSink =>
      openAlertSink(broker, {
        partition,
        partitions: 2,
        backoff: new Backoff(systemClock),
        onTrouble: () => undefined,
      })
    const [zero, one] = [open(0), open(1)]
    await zero.claim(1)
    await one.claim(9)
    await Promise.all([zero.publish(effects(1, 50)), one.publish(effects(1, 70, 'one'))])
    const again = open(0)
    expect(await again.claim(2)).toBe(50)
    await one.publish(effects(71, 71, 'one'))
    await Promise.all([zero.close(), one.close(), again.close()])
  })
})
