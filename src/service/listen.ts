import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ServiceError } from './service-error.ts'

export interface Address {
  readonly host: string
  readonly port: number
  /** The setting that names the port. */
  readonly setting: string
}

/** Fails when somebody listens there already: before anything is started that would have to be stopped again. */
export async function assertFree(address: Address): Promise<void> {
  if (address.port === 0) return
  const probe = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject)
      probe.listen({ host: address.host, port: address.port, exclusive: true }, resolve)
    })
  } catch (error) {
    throw listenError(error, address)
  } finally {
    await new Promise((resolve) => probe.close(resolve))
  }
}

/** Listens and returns the address for people: `http://127.0.0.1:8080`. */
export async function listen(app: FastifyInstance, address: Address): Promise<string> {
  try {
    await app.listen({ host: address.host, port: address.port, listenTextResolver: () => '' })
  } catch (error) {
    throw listenError(error, address)
  }
  const bound = app.server.address()
  const host = address.host.includes(':') ? `[${address.host.replace(/^\[|\]$/g, '')}]` : address.host
  return `http://${host}:${typeof bound === 'object' && bound !== null ? bound.port : address.port}`
}

function listenError(cause: unknown, { host, port, setting }: Address): ServiceError {
  return (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
    ? new ServiceError('address-in-use', `another process listens on ${host}:${port}`, {
        hint: `stop it, or set ${setting}`,
        cause,
      })
    : new ServiceError(
        'address-not-available',
        `cannot listen on ${host}:${port}: ${(cause as Error).message}`,
        {
          hint: `correct ${setting}`,
          cause,
        },
      )
}
