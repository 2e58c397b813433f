import type { PatternInput } from './contract.ts'
import { type Edge, type Graph, type Guards, NON_DETERMINISTIC, STRICT } from './graph.ts'

/** One line per state: what it is, where each event leads, what has to stay away. */
export function describeGraph(graph: Graph, input: PatternInput): string {
  const names = (mask: number): string =>
    input.slots.filter((_, slot) => (mask & (1 << slot)) !== 0).join('|')
  const guards = (guard: Guards): string[] => [
    ...(guard.banned === 0 ? [] : [`no ${names(guard.banned)}`]),
    ...(guard.bannedNext === 0 ? [] : [`not next ${names(guard.bannedNext)}`]),
    ...guard.timed.map((absence) => {
      const end =
        absence.forMs !== undefined
          ? `for ${absence.forMs} ms`
          : absence.group === undefined
            ? 'until the limit'
            : "until the group's limit"
      return `no ${names(absence.mask)} ${end}`
    }),
  ]
  const describeEdge = (edge: Edge): string => {
    const arrow =
      edge.contiguity === STRICT ? 'immediately ' : edge.contiguity === NON_DETERMINISTIC ? 'any ' : ''
    const notes = [
      ...guards(edge),
      ...(edge.closedBy === 0 ? [] : [`until ${names(edge.closedBy)}`]),
      ...(edge.greedy === 0 ? [] : [`unless ${names(edge.greedy)}`]),
      ...(edge.limitMs === Number.POSITIVE_INFINITY ? [] : [`within ${edge.limitMs} ms`]),
    ]
    return `${arrow}${names(edge.mask)} -> ${edge.target}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
  }
  return graph.states
    .map((state) => {
      const ways = state.edges.map(describeEdge)
      if (state.final) ways.unshift('match')
      if (state.pending !== undefined) ways.unshift(`match (${guards(state.pending).join(', ')})`)
      return `${state.id} [${state.name}]: ${ways.join('; ')}`
    })
    .join('\n')
}
