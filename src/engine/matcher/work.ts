import type { MatcherHost } from './contract.ts'

/** So many partial matches of a key, or ways through one event, are no more than any rule has. */
const FEW = 64

/** Tells the host of work that is more than a few comparisons. */
export function tellWork(host: MatcherHost, count: number): void {
  if (count > FEW) host.worked?.(count)
}
