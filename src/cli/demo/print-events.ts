import { once } from 'node:events'
import { type DemoEvent, events, type GeneratorOptions } from './generator.ts'

/**
 * The generator's events as NDJSON on standard output, as fast as the reader takes them. Every line is what `POST /v1/events` and
 * `sequitur replay --input` take.
 */
export async function printEvents(count: number, { seed, ...options }: GeneratorOptions): Promise<void> {
  let left = count
  for (const event of events(seed, options)) {
    if (left === 0) return
    left -= 1
    if (!process.stdout.write(`${lineOf(event)}\n`)) await once(process.stdout, 'drain')
  }
}

function lineOf({ subject, id, sentAt, data }: DemoEvent): string {
  const line = { subject, id, time: new Date(Math.round(sentAt)).toISOString() }
  try {
    return JSON.stringify({ ...line, data: JSON.parse(data) })
  } catch {
    // Broken on purpose; as a text it is no event either.
    return JSON.stringify({ ...line, data })
  }
}
