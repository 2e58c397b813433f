import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver {
  readonly url: string
  readonly port: number
  /** Everything that came, also what was refused. */
  readonly requests: readonly Received[]
  /** Resolves when so many have come. */
  until(count: number): Promise<readonly Received[]>
}

/** What a receiver answers to the nth request, from 1; undefined: nothing, ever. */
export type Answers = (
  n: number,
  request: Received,
) => number | ((response: ServerResponse) => void) | undefined

/** An HTTP server of a test's own, on 127.0.0.1. */
export async function startReceiver(answers: Answers = () => 204): Promise<Receiver> {
  const requests: Received[] = []
  const waiting: Array<{ readonly count: number; readonly resolve: () => void }> = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const received = { headers: request.headers, body }
      requests.push(received)
      const answer = answers(requests.length, received)
      if (typeof answer === 'number') response.writeHead(answer).end()
      else answer?.(response)
      for (const { count, resolve } of waiting) if (requests.length >= count) resolve()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    requests,
    until: async (count) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ count, resolve })
      if (requests.length >= count) resolve()
      await promise
      return requests
    },
  }
}
