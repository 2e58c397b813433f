import type { ExpressionScope } from '../model/index.ts'
import type { Outside } from './code/index.ts'
import { chargeSize, run } from './run.ts'

const data = ({ data }: { readonly data: unknown }): unknown => data

/** What a step has taken: an array for counted steps, the event's data for others. */
function step(slot: number, counted: boolean): () => unknown {
  if (counted)
    return () => {
      const taken = run.frame?.steps.taken(slot) ?? []
      chargeSize(taken.length)
      return taken.map(data)
    }
  return () => run.frame?.steps.taken(slot)[0]?.data
}

/** The names of a rule: its steps, `$key` and `$event`. */
export function ruleNames(scope: ExpressionScope): Outside & { readonly names: readonly string[] } {
  const readers = new Map<string, () => unknown>()
  scope.steps.forEach(({ name, counted }, slot) => {
    readers.set(name, step(slot, counted))
  })
  readers.set('key', () => run.frame?.key)
  readers.set('event', () => run.frame?.event?.attributes)
  return { names: [...readers.keys()], read: (name) => readers.get(name) }
}
