import { once } from 'node:events'
import { events, type GeneratorOptions } from './generator.ts'

/** The generator's events as NDJSON on standard output, as fast as the reader takes them. */
export async function printEvents(count: number, { seed, ...options }: GeneratorOptions): Promise<void> {
  let left = count
  for (const event of events(seed, options)) {
    if (left === 0) return
    left -= 1
    if (!process.stdout.write(`${JSON.stringify(event)}\n`)) await once(process.stdout, 'drain')
  }
}
