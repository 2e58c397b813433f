import type { PartitionOptions, PartitionParts } from '../../src/engine/index.ts'
import { pairParts, pairProgram } from '../support/pair-engine.ts'

/** What worker and oracle both run: pairs, an absence, suppression, an exception, a source that is out of order. */
export const STREAM = 'SEQUITUR_INPUT'
export const SUBJECTS = ['kill.>']

const pairs = [
  { rule: 'pair', a: 'kill.a', b: 'kill.b', withinMs: 60_000 },
  { rule: 'quiet', a: 'kill.b', b: 'kill.a', withinMs: 30_000, suppressMs: 20_000, except: 'user-3' },
  { rule: 'absent', a: 'kill.b', b: 'kill.c', withinMs: 5_000, absence: true },
]

export const parts: PartitionParts = pairParts

export const engineOptions: Omit<PartitionOptions, 'index' | 'count'> = {
  stream: STREAM,
  sources: [{ name: 'kill', subjects: ['kill.>'], timestamp: { path: 'at' }, latenessMs: 2_000 }],
  rules: pairs.map((pair) => ({ program: pairProgram(pair), status: 'live' as const })),
}
