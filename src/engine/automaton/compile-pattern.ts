import { failure, type Problem, success } from '../model/index.ts'
import { buildGraph, EDGES_MAX, STATES_MAX } from './build-graph.ts'
import { choosePlan } from './choose-plan.ts'
import { classify } from './classify.ts'
import type { Automaton, CompilePattern } from './contract.ts'
import { describeGraph } from './describe.ts'
import type { Graph } from './graph.ts'
import { STRICT } from './graph.ts'
import { readPattern } from './step-tree.ts'

export const SLOTS_MAX = 30

/**
 * Turns a pattern into an automaton over slots. The pattern is expected to be valid (`src/engine/pattern` says what is wrong with
 * one, with its place); the codes here are about size: `too-many-events`, `pattern-too-large`, and `unknown-event`.
 */
export const compilePattern: CompilePattern = (input) => {
  const problems: Problem[] = []
  const report = (code: string, message: string, hint: string): void => {
    problems.push({ code, severity: 'error', message, hint, at: { pointer: '/pattern' } })
  }
  if (input.slots.length > SLOTS_MAX)
    report(
      'too-many-events',
      `The rule defines ${input.slots.length} events; a rule can have ${SLOTS_MAX}.`,
      'Join definitions whose steps are alternatives into one with a wider `where`, or split the rule.',
    )

  const slotByName = new Map(input.slots.map((name, slot) => [name, slot]))
  const slotOf = (name: string): number => {
    const slot = slotByName.get(name)
    if (slot === undefined)
      report('unknown-event', `No event is called "${name}".`, `Defined are: ${input.slots.join(', ')}.`)
    return slot ?? 0
  }
  const tree = readPattern(input.pattern, slotOf)
  if (problems.length > 0) return failure(problems)

  let conditionalMask = 0
  for (const slot of input.conditional) conditionalMask |= 1 << slot
  const graph = buildGraph(tree, conditionalMask)
  if ('tooLarge' in graph) {
    report(
      'pattern-too-large',
      graph.tooLarge === 'states'
        ? `The pattern has more than ${STATES_MAX} states.`
        : `A state of the pattern has more than ${EDGES_MAX} ways on.`,
      'Use smaller counts inside repeated groups, or fewer optional steps in a row.',
    )
    return failure(problems)
  }

  const plan = choosePlan(input, graph, slotOf)
  const automaton: Automaton = {
    input,
    graph,
    plan,
    classification: classify(input, plan),
    needsEveryEvent: readsEveryEvent(graph),
    startMask: graph.states[0]?.edges.reduce((mask, edge) => mask | edge.mask, 0) ?? 0,
    describe: () => describeGraph(graph, input),
  }
  return success(automaton)
}

/** Whether an event that satisfies no slot can change anything. */
const readsEveryEvent = (graph: Graph): boolean =>
  graph.states.some(
    (state) =>
      state.id !== 0 &&
      (state.pending?.bannedNext ||
        state.edges.some((edge) => edge.contiguity === STRICT || edge.bannedNext !== 0)),
  )
