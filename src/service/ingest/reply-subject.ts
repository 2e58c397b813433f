/** What JetStream says about a delivered message in its reply subject. */
export interface Delivery {
  readonly streamSequence: number
  readonly consumerSequence: number
  /** Milliseconds since 1970 at which the broker stored it. */
  readonly storedAt: number
}

const DOT = 46

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>` and the longer form with domain and
 * account in front and a token behind. Counted from the front by number of dots, because the end is not fixed; written by hand
 * because it runs for every message.
 */
export class DeliveryReader {
  /** Of the reply before: the messages of one consumer differ only behind it. */
  #prefix = ' '

  read(reply: string): Delivery {
    if (!reply.startsWith(this.#prefix)) this.#prefix = reply.slice(0, startOfSequences(reply))
    let index = this.#prefix.length
    const streamSequence = readNumber(reply, index)
    index = reply.indexOf('.', index) + 1
    const consumerSequence = readNumber(reply, index)
    index = reply.indexOf('.', index) + 1
    const end = reply.indexOf('.', index)
    // Nanoseconds do not fit a double; the last six digits are below a millisecond.
    const storedAt = readNumber(reply, index, end - 6)
    return { streamSequence, consumerSequence, storedAt }
  }
}

/** Entries that the broker had left for the consumer when it delivered this one. */
export function readPending(reply: string): number {
  if (reply === '') return 0
  let index = startOfSequences(reply)
  for (let token = 0; token < 3; token += 1) index = reply.indexOf('.', index) + 1
  return readNumber(reply, index)
}

function startOfSequences(reply: string): number {
  let dots = 0
  for (let index = 0; index < reply.length; index += 1) if (reply.charCodeAt(index) === DOT) dots += 1
  return skipTokens(reply, dots >= 10 ? 7 : 5)
}

function skipTokens(text: string, count: number): number {
  let index = 0
  for (let token = 0; token < count; token += 1) index = text.indexOf('.', index) + 1
  return index
}

function readNumber(text: string, from: number, to = text.length): number {
  let value = 0
  for (let index = from; index < to; index += 1) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return value
}
