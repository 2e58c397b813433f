import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import type { ApiClient } from './api-client.ts'

export interface StreamMessage {
  readonly event: string
  readonly data: unknown
}

export interface FollowOptions {
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly signal: AbortSignal
  /** Called when the connection was lost, once, until it is back. */
  readonly onLost?: (error: unknown) => void
  readonly onOpen?: () => void
}

const RETRY_MS = 1_000

/**
 * Server-sent events of the service, until the signal is aborted. A lost connection is opened again behind the last message, so
 * that none is missed; a first one that fails is an error.
 */
export async function* followStream(
  client: ApiClient,
  options: FollowOptions,
): AsyncGenerator<StreamMessage> {
  const { signal } = options
  let lastId: string | undefined
  let wasOpen = false
  let isLost = false
  while (!signal.aborted) {
    try {
      const response = await client.send(options.path, {
        accept: 'text/event-stream',
        signal,
        ...(options.query === undefined ? {} : { query: options.query }),
        ...(lastId === undefined ? {} : { headers: { 'last-event-id': lastId } }),
      })
      wasOpen = true
      isLost = false
      options.onOpen?.()
      for await (const message of messages(response)) {
        if (message.id !== undefined) lastId = message.id
        yield { event: message.event, data: message.data }
      }
    } catch (error) {
      if (signal.aborted) return
      const isRefused = error instanceof CliError && error.code !== 'server-unreachable'
      if (!wasOpen || isRefused) throw error
      if (!isLost) options.onLost?.(error)
      isLost = true
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

interface Message extends StreamMessage {
  readonly id: string | undefined
}

async function* messages(response: Response): AsyncGenerator<Message> {
  const decoder = new StringDecoder('utf8')
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.write(Buffer.from(chunk))
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = readMessage(block)
      if (message !== undefined) yield message
    }
  }
}

export function readMessage(block: string): Message | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^ /, '')
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}\n${value}`)
  }
  const data = fields.get('data')
  if (data === undefined) return undefined
  return { id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) }
}
