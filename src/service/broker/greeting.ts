import { lookup } from 'node:dns/promises'
import { createConnection } from 'node:net'
import { ServiceError } from '../service-error.ts'

/** What came of listening to an address. A NATS server speaks first, and begins with `INFO`. */
type Greeting =
  | { readonly kind: 'nats' }
  | { readonly kind: 'other'; readonly said: string }
  /** `listens`: whether the connection came about. */
  | { readonly kind: 'silent'; readonly listens: boolean }
  /** Refused, or no such host: the client fails at once, too. */
  | { readonly kind: 'failed' }

interface Place {
  readonly host: string
  readonly port: number
}

const GREETING_MS_MAX = 3_000
const SAID_CHARACTERS_MAX = 40
const GREETING = 'INFO '

/**
 * Listens to all addresses of `urls`, until one has a NATS server. Where none has and one leaves its caller waiting, throws
 * ServiceErrors `broker-not-nats` and `broker-unreachable`: the client would keep that connection open, and with it the process.
 */
export async function refuseWhatIsNoNats(urls: string): Promise<void> {
  const { promise: first, resolve } = Promise.withResolvers<undefined>()
  const listen = async (place: Place): Promise<ServiceError | undefined> => {
    const greeting = await greetingOf(place)
    if (greeting.kind === 'nats') resolve(undefined)
    return troubleOf(place, greeting)
  }
  const listenAll = async (): Promise<ServiceError | undefined> => {
    const places = await Promise.all(urls.split(',').map(placesOf))
    const troubles = await Promise.all(places.flat().map(listen))
    return troubles.find((trouble) => trouble !== undefined)
  }
  const trouble = await Promise.race([first, listenAll()])
  if (trouble !== undefined) throw trouble
}

/** None for what the client is to judge. */
async function placesOf(url: string): Promise<readonly Place[]> {
  const address = /^\w+:\/\//.test(url) ? url : `nats://${url}`
  if (!/^(nats|tls):/.test(address) || !URL.canParse(address)) return []
  const { hostname, port } = new URL(address)
  const found = await lookup(hostname.replace(/^\[(.*)\]$/, '$1'), { all: true }).catch(() => [])
  return found.map(({ address: host }) => ({ host, port: port === '' ? 4222 : Number(port) }))
}

function troubleOf({ host, port }: Place, greeting: Greeting): ServiceError | undefined {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const seconds = GREETING_MS_MAX / 1000
  const noNats = (says: string): ServiceError =>
    new ServiceError('broker-not-nats', `what listens at ${where} is no NATS server: it says ${says}`, {
      hint: 'correct nats.url: NATS takes clients on port 4222 unless configured otherwise; 8222 is for monitoring',
    })
  switch (greeting.kind) {
    case 'other':
      return noNats(JSON.stringify(greeting.said))
    case 'silent':
      return greeting.listens
        ? noNats(`nothing for ${seconds} s, and NATS speaks first`)
        : new ServiceError('broker-unreachable', `nothing answers at ${where} within ${seconds} s`, {
            hint: 'correct nats.url, or let this machine through to it',
          })
    default:
      return undefined
  }
}

function greetingOf(place: Place): Promise<Greeting> {
  const { promise, resolve } = Promise.withResolvers<Greeting>()
  const socket = createConnection(place)
  let listens = false
  let said = ''
  const end = (greeting: Greeting): void => {
    clearTimeout(timer)
    socket.destroy()
    resolve(greeting)
  }
  const timer = setTimeout(
    () => end(said === '' ? { kind: 'silent', listens } : { kind: 'other', said }),
    GREETING_MS_MAX,
  )
  socket.once('connect', () => {
    listens = true
  })
  socket.on('data', (bytes) => {
    const text = said + bytes.toString('latin1').replace(/[^ -~]/g, ' ')
    said = text.slice(0, SAID_CHARACTERS_MAX).trimEnd()
    if (text.length >= GREETING.length)
      end(text.startsWith(GREETING) ? { kind: 'nats' } : { kind: 'other', said })
  })
  socket.once('error', () => end({ kind: 'failed' }))
  socket.once('close', () => end({ kind: 'failed' }))
  return promise
}
