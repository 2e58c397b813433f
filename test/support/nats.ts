import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import {
  type Broker,
  connectBroker,
  type EmbeddedServer,
  obtainNatsServer,
  startEmbeddedServer,
} from '../../src/service/broker/index.ts'

/** A nats-server of a test's own: on a free port that it keeps, in a folder of its own. */
export interface TestNats {
  readonly url: string
  /** Of a test; closed with the server. */
  connect(): Promise<Broker>
  /** SIGKILL; afterwards everybody who is connected has noticed. */
  kill(): Promise<void>
  /** On the same port, with what the folder holds; afterwards everybody is connected again. */
  restart(): Promise<void>
  /** Keeps what is stored now; only while the server is down. */
  saveStore(): void
  /** Puts back what was saved; only while the server is down. */
  loadStore(): void
  end(): Promise<void>
}

/** The best server that the product finds or can obtain. */
export async function startTestNats(): Promise<TestNats> {
  const binary = await obtainNatsServer({ older: 'replace' })
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-test-nats-'))
  const saved = join(folder, 'saved')
  const store = join(folder, 'server', 'store')
  const brokers: Broker[] = []
  const start = (port: number): Promise<EmbeddedServer> =>
    startEmbeddedServer({
      server: binary,
      folder: join(folder, 'server'),
      host: '127.0.0.1',
      port,
      syncAlways: false,
    })
  let server = await start(0)
  /** Everybody has noticed: a request over a connection that is about to break is lost. */
  const untilAll = async (connected: boolean): Promise<void> => {
    const isThere = (broker: Broker): boolean =>
      broker.connection.isClosed() || broker.isConnected() === connected
    while (!brokers.every(isThere)) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const port = Number(new URL(server.url).port)
  return {
    url: server.url,
    connect: async () => {
      const broker = await connectBroker({ url: server.url, name: 'test' })
      brokers.push(broker)
      return broker
    },
    kill: async () => {
      process.kill(server.pid, 'SIGKILL')
      await server.ended
      await untilAll(false)
    },
    restart: async () => {
      server = await start(port)
      await untilAll(true)
    },
    saveStore: () => cpSync(store, saved, { recursive: true }),
    loadStore: () => {
      rmSync(store, { recursive: true, force: true })
      cpSync(saved, store, { recursive: true })
    },
    end: async () => {
      await Promise.all(brokers.map((broker) => broker.close()))
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Publishes and waits until everything is stored; retried over restarts of the server, once each by message id. */
export async function publishAll(
  broker: Broker,
  messages: ReadonlyArray<{ readonly subject: string; readonly payload: string | Uint8Array }>,
  id = 'm',
): Promise<void> {
  const client = jetstream(broker.connection, { timeout: 1_000 })
  for (const [index, { subject, payload }] of messages.entries()) {
    for (let tries = 0; ; tries += 1) {
      try {
        await client.publish(subject, payload, { msgID: `${id}-${index}` })
        break
      } catch (error) {
        if (tries > 60) throw error
      }
    }
  }
}
