import { readFileSync } from 'node:fs'
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import {
  AuthorizationError,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'
import { redactUrl } from '../config/index.ts'
import { ServiceError } from '../service-error.ts'
import { refuseWhatIsNoNats } from './greeting.ts'

export interface BrokerOptions {
  readonly url: string
  /** Shown in the broker's connection list. */
  readonly name: string
  readonly credsFile?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
  /** Answers come under it; a user with permissions has one of its own. Default: `_INBOX`. */
  readonly inboxPrefix?: string | undefined
  readonly tls?:
    | { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
    | undefined
}

/** A connection that comes back by itself, and what the server behind it can do. */
export interface Broker {
  /** What it was connected with, to connect once more from another thread or process. */
  readonly options: BrokerOptions
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly serverVersion: string
  /** Atomic batches that keep `Nats-Msg-Id` (nats-server 2.12.1 and later). */
  readonly hasAtomicBatch: boolean
  /** Whether the connection stands at this moment; one that does not is being restored. */
  isConnected(): boolean
  /** Calls back whenever a lost connection was restored. Returns the end of it. */
  onReconnect(listener: () => void): () => void
  close(): Promise<void>
}

/**
 * Connects and makes sure that JetStream answers. The first attempt fails at once; a connection that was there once is
 * restored for ever. Throws ServiceErrors `broker-unreachable`, `broker-not-nats`, `broker-refused`, `broker-tls`, `broker-credentials`,
 * `broker-without-jetstream`.
 */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const connection = await open(options)
  try {
    const manager = await jetstreamManager(connection, { checkAPI: true, timeout: 5_000 })
    const serverVersion = connection.info?.version ?? '0.0.0'
    return {
      options,
      connection,
      manager,
      serverVersion,
      hasAtomicBatch: isAtLeast(serverVersion, [2, 12, 1]),
      ...followStatus(connection),
      close: () => connection.close(),
    }
  } catch (cause) {
    await connection.close()
    throw new ServiceError(
      'broker-without-jetstream',
      `the NATS server at ${redactUrl(options.url)} offers no JetStream`,
      {
        hint: 'start nats-server with -js, or give the account JetStream permissions',
        cause,
      },
    )
  }
}

function followStatus(connection: NatsConnection): Pick<Broker, 'isConnected' | 'onReconnect'> {
  const listeners = new Set<() => void>()
  let isConnected = true
  const follow = async (): Promise<void> => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect' || type === 'close') isConnected = false
      if (type !== 'reconnect') continue
      isConnected = true
      for (const listener of [...listeners]) listener()
    }
  }
  void follow()
  return {
    isConnected: () => isConnected,
    onReconnect: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/**
 * The answer to a request, or a rejection as soon as the connection was lost and restored: what was asked over the old one is not
 * answered over the new one, and waiting for the timeout would cost seconds. The signal ends the wait, too.
 */
export async function answerOfConnection<T>(
  broker: Broker,
  request: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { promise: lost, reject } = Promise.withResolvers<never>()
  const forget = broker.onReconnect(() => reject(new Error('the connection was lost and restored')))
  const stop = (): void => reject(new Error('nobody waits for the answer any more'))
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()
  try {
    return await Promise.race([request, lost])
  } finally {
    forget()
    signal?.removeEventListener('abort', stop)
  }
}

async function open(options: BrokerOptions): Promise<NatsConnection> {
  try {
    await refuseWhatIsNoNats(options.url)
    return await connect(connectionOptions(options))
  } catch (cause) {
    const where = redactUrl(options.url)
    if (cause instanceof ServiceError) throw cause
    if (cause instanceof AuthorizationError || /authorization|authentication/i.test(String(cause)))
      throw new ServiceError('broker-refused', `the NATS server at ${where} refused the credentials`, {
        hint: 'check nats.credsFile, nats.user and nats.password, or nats.token',
        cause,
      })
    if (isTlsTrouble(cause))
      throw new ServiceError(
        'broker-tls',
        `no safe connection to the NATS server at ${where}: ${(cause as Error).message}`,
        {
          hint: 'check nats.tls (caFile, certFile, keyFile) and that the name in nats.url is one of the certificate',
          cause,
        },
      )
    throw new ServiceError('broker-unreachable', `no NATS server answers at ${where}`, {
      hint: 'start one, correct nats.url, or leave nats.url out to run an embedded one',
      cause,
    })
  }
}

/** The server's certificate is not trusted, ours is not, or one side wants TLS and the other does not speak it. */
function isTlsTrouble(cause: unknown): boolean {
  const { code, message } = cause as NodeJS.ErrnoException
  const reason = (cause as Error).cause
  return (
    /^ERR_(TLS|SSL|OSSL)|CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code ?? '') ||
    /\b(tls|ssl|certificate)\b/i.test(message ?? '') ||
    (reason !== undefined && isTlsTrouble(reason))
  )
}

function connectionOptions(options: BrokerOptions): NodeConnectionOptions {
  return {
    servers: options.url,
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 200,
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5_000,
    // A stack trace for each request is most of what a request costs.
    noAsyncTraces: true,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...authentication(options),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  }
}

function authentication(options: BrokerOptions): Pick<ConnectionOptions, 'authenticator'> {
  if (options.credsFile !== undefined)
    return { authenticator: credsAuthenticator(readCredentials(options.credsFile)) }
  if (options.token !== undefined) return { authenticator: tokenAuthenticator(options.token) }
  if (options.user !== undefined)
    return { authenticator: usernamePasswordAuthenticator(options.user, options.password ?? '') }
  return {}
}

function readCredentials(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ServiceError('broker-credentials', `cannot read the credentials file ${file}`, { cause })
  }
}

export function isAtLeast(version: string, wanted: readonly [number, number, number]): boolean {
  const parts = version.split(/[.+-]/).slice(0, 3).map(Number)
  for (const [index, minimum] of wanted.entries()) {
    const part = parts[index] ?? 0
    if (part !== minimum) return part > minimum
  }
  return true
}

/** JetStream's code for a write that expected another last sequence: somebody else was faster. */
export const WRONG_LAST_SEQUENCE = 10_071

export const isWrongLastSequence = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE

/** Whether JetStream answered that what was asked for does not exist. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof JetStreamApiError && (error.status === 404 || [10014, 10037, 10059].includes(error.code))
