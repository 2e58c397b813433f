import { compileBoth, type Pair, type Path, textOf } from './compare.ts'
import { document } from './documents.ts'
import { explain } from './explained.ts'
import { Grammar } from './grammar.ts'
import { Random } from './random.ts'

export interface Difference {
  readonly text: string
  readonly data: string
  readonly ours: string
  readonly reference: string
  /** The reference changed the document that it was given. */
  readonly changed: boolean
}

export interface FuzzReport {
  readonly evaluations: number
  readonly errors: number
  readonly explained: Readonly<Record<string, number>>
  readonly unexplained: number
  /** The first difference of each expression, up to a limit. */
  readonly examples: readonly Difference[]
}

const DOCUMENTS = 16
const PATHS: readonly Path[] = ['fast', 'general', 'generated']
const KEPT = 40
const LIMITS = new Set(['U1001', 'U1002', 'U1004', 'D2014', 'D2015'])

/** Generated expressions on generated documents, in this engine (all its paths in turn) and in the reference. */
export async function runFuzz(runs: number, seed: number): Promise<FuzzReport> {
  const random = new Random(seed)
  const grammar = new Grammar(random)
  const explained: Record<string, number> = {}
  const examples: Difference[] = []
  let unexplained = 0
  let evaluations = 0
  let errors = 0
  while (evaluations < runs) {
    const text = grammar.expression()
    const pair = compileBoth(text)
    for (let i = 0; i < DOCUMENTS && evaluations < runs; i++) {
      evaluations++
      const difference = await tryOne(pair, text, document(random), PATHS[i % PATHS.length] ?? 'fast')
      if (difference.failed) errors++
      if (difference.same) continue
      const why = explain(difference)
      if (why !== undefined) explained[why] = (explained[why] ?? 0) + 1
      else {
        unexplained++
        if (examples.length < KEPT && examples.at(-1)?.text !== text) examples.push(difference)
      }
    }
  }
  return { evaluations, errors, explained, unexplained, examples }
}

async function tryOne(
  pair: Pair,
  text: string,
  data: unknown,
  path: Path,
): Promise<Difference & { same: boolean; failed: boolean }> {
  const source = JSON.stringify(data)
  const mine = pair.ours(data, path)
  const ours = textOf(mine)
  const untouched = JSON.stringify(data) === source
  // What is stopped here may kill the process there.
  if (mine.kind === 'error' && LIMITS.has(mine.code))
    return { text, data: source, ours, reference: 'not run', changed: false, same: untouched, failed: true }
  const copy: unknown = JSON.parse(source)
  const other = await pair.reference(copy)
  const changed = JSON.stringify(copy) !== source
  const reference = textOf(other)
  const same = ours === reference && untouched
  return { text, data: source, ours, reference, changed, same, failed: other.kind === 'error' }
}
