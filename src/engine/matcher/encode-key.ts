import type { Graph } from '../automaton/index.ts'
import { invariant, type StateReader, type StateWriter } from '../model/index.ts'
import { type HeldMatch, HeldMatches } from './held-matches.ts'
import { createKeyState, type KeyState } from './key-state.ts'
import { deadlineAfter, PENDING_BIT, type Run } from './run.ts'
import { type Taken, takenAfter } from './taken-node.ts'

const FORMAT = 1

/** Nodes of the key at hand in the order written; reused. */
const nodes: Taken[] = []
/** A mark above this is a node's number in the key at hand: nodes need no table, and none of them is ever cleared. */
let marked = 0

/** Numbers the nodes of a path that were not numbered yet, the first one first. */
function addPath(last: Taken): void {
  let from = nodes.length
  for (let node: Taken | undefined = last; node !== undefined && node.mark <= marked; node = node.previous)
    nodes.push(node)
  for (let to = nodes.length - 1; from < to; from++, to--) {
    const node = nodes[from] as Taken
    nodes[from] = nodes[to] as Taken
    nodes[to] = node
  }
}

function addPaths(state: KeyState): void {
  nodes.length = 0
  let numbered = 0
  const number = (last: Taken): void => {
    addPath(last)
    for (; numbered < nodes.length; numbered++) (nodes[numbered] as Taken).mark = marked + numbered + 1
  }
  for (const run of state.runs) number(run.last)
  for (const match of state.held.list) number(match.last)
}

const numberOf = (node: Taken | undefined): number => (node === undefined ? 0 : node.mark - marked)

/** Writes a key's state; nodes that partial matches share are written once. */
export function encodeKey(state: KeyState, writer: StateWriter): void {
  addPaths(state)
  writer.uint(FORMAT)
  writer.uint(nodes.length)
  for (const node of nodes) {
    writer.uint(node.slot)
    writer.event(node.event)
    writer.uint(node.way)
    writer.uint(numberOf(node.previous))
  }
  writer.uint(state.runs.size)
  for (const run of state.runs) {
    writer.uint(numberOf(run.last))
    writer.uint(run.state.id)
    writer.uint(run.open)
    writer.uint((run.isFresh ? 1 : 0) | (run.isLifted ? 2 : 0))
    writer.uint(run.groupStarts.length)
    for (const start of run.groupStarts) writer.number(start)
  }
  writer.uint(state.held.size)
  for (const match of state.held.list) {
    writer.uint(numberOf(match.last))
    writer.number(match.completedAt)
    writer.uint(match.completedBy === undefined ? 0 : 1)
    if (match.completedBy !== undefined) writer.event(match.completedBy)
  }
  marked += nodes.length
}

/** Reads what `encodeKey` wrote for the same pattern. */
export function decodeKey(graph: Graph, reader: StateReader): KeyState {
  const format = reader.uint()
  invariant(format === FORMAT, `keyed state has format ${format}`)
  const read: Taken[] = []
  const first: Taken[] = []
  const count = reader.uint()
  for (let number = 1; number <= count; number++) {
    const slot = reader.uint()
    const event = reader.event()
    const way = reader.uint()
    const previous = reader.uint()
    const node = takenAfter(read[previous - 1], slot, event, way)
    read.push(node)
    first.push(first[previous - 1] ?? node)
  }
  const readNode = (): { last: Taken; first: Taken['event'] } => {
    const number = reader.uint()
    const last = read[number - 1]
    const start = first[number - 1]
    invariant(last !== undefined && start !== undefined, 'keyed state refers to an event it does not have')
    return { last, first: start.event }
  }
  const runs: Run[] = []
  for (let left = reader.uint(); left > 0; left--) {
    const node = readNode()
    const id = reader.uint()
    const state = graph.states[id]
    invariant(state !== undefined, `keyed state refers to state ${id}, which the pattern does not have`)
    const open = reader.uint()
    const flags = reader.uint()
    const groupStarts: number[] = []
    for (let groups = reader.uint(); groups > 0; groups--) groupStarts.push(reader.number())
    const run: Run = {
      ...node,
      state,
      groupStarts,
      open,
      isFresh: (flags & 1) !== 0,
      isLifted: (flags & 2) !== 0,
      deadline: Number.POSITIVE_INFINITY,
      memory: undefined,
      previous: undefined,
      next: undefined,
    }
    run.deadline = deadlineAfter(graph, run, node.last.event.time)
    runs.push(run)
  }
  const held: HeldMatch[] = []
  for (let left = reader.uint(); left > 0; left--) {
    const node = readNode()
    const completedAt = reader.number()
    const completedBy = reader.uint() === 1 ? reader.event() : undefined
    held.push({ ...node, completedAt, completedBy })
  }
  const state = createKeyState(new HeldMatches(held))
  for (const run of runs) state.runs.add(run)
  return state
}

/** Slots that an open edge of the run could take next. */
export function waitingFor(run: Run): number[] {
  let mask = 0
  run.state.edges.forEach((edge, index) => {
    if ((run.open & (1 << index)) !== 0) mask |= edge.mask
  })
  const slots: number[] = []
  for (let slot = 0; slot < PENDING_BIT; slot++) if ((mask & (1 << slot)) !== 0) slots.push(slot)
  return slots
}
