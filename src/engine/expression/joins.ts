import {
  eventTime,
  type Frame,
  type Join,
  type JoinValue,
  type Scalar,
  type StepAccess,
  UNTOLD,
} from '../model/index.ts'
import type { Ast } from './ast.ts'
import { compileFastValue, type FastCode, type FastOptions } from './fast/index.ts'
import { run } from './run.ts'
import { binary, namedCall, namePath, unwrapped } from './shapes.ts'

/** Whose value a side is. */
type Owner = 'event' | 'steps'

/** Members that are looked up one by one; with more of them the expression is asked. */
const MEMBERS_MAX = 64
/** Conditions of so many conjuncts that each has fewer steps than this are asked. */
const STEPS_MIN = 1_000
/** What is left of the limits after one side; the other side and the comparison stay within it. */
const LEFT_MIN = 3 / 4

/** Functions of one text and nothing else. */
const OF_TEXT = new Set(['lowercase', 'uppercase', 'trim'])

const NO_STEPS: StepAccess = { taken: () => [], count: () => 0 }

/** `payee_id = $transfer.payee_id`, `order_id in $order.parts`, either way round. `ast` must not bind names. */
export function joinOf(ast: Ast, options: FastOptions): Join | undefined {
  if (options.limits.steps < STEPS_MIN) return undefined
  const operation = binary(unwrapped(ast))
  if (operation === undefined || (operation.operator !== '=' && operation.operator !== 'in')) return undefined
  const left = unwrapped(operation.left)
  const right = unwrapped(operation.right)
  const owner = ownerOf(left, options)
  const other = ownerOf(right, options)
  if (owner === undefined || other === undefined || owner === other) return undefined
  const read = (node: Ast, takesMembers: boolean): Side => ({
    code: compileFastValue(node, options),
    takesMembers,
  })
  const sides = [read(left, false), read(right, operation.operator === 'in')] as const
  return new Lookup(owner === 'event' ? sides[0] : sides[1], owner === 'event' ? sides[1] : sides[0])
}

/** Only what is the same whenever it is evaluated: no clock, no list, no key. */
function ownerOf(node: Ast, options: FastOptions): Owner | undefined {
  const path = namePath(node)
  if (path !== undefined) {
    if (path.path.length === 0) return undefined
    if (path.variable === undefined) return 'event'
    return options.steps.get(path.variable)?.counted === false ? 'steps' : undefined
  }
  const call = namedCall(node)
  const [argument] = call?.args ?? []
  if (call === undefined || argument === undefined || call.args.length !== 1 || !OF_TEXT.has(call.name))
    return undefined
  return ownerOf(unwrapped(argument), options)
}

interface Side {
  readonly code: FastCode
  /** Of `in`: any member of a list counts. */
  readonly takesMembers: boolean
}

class Lookup implements Join {
  readonly #event: Side
  readonly #steps: Side
  readonly #frame: Frame = {
    event: undefined,
    steps: NO_STEPS,
    key: null,
    lists: { has: () => false },
    time: eventTime(0),
  }

  constructor(event: Side, steps: Side) {
    this.#event = event
    this.#steps = steps
  }

  offered(event: NonNullable<Frame['event']>): JoinValue {
    const data: unknown = event.data
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return UNTOLD
    this.#frame.event = event
    this.#frame.steps = NO_STEPS
    return told(this.#event, data, this.#frame)
  }

  awaited(steps: StepAccess): JoinValue {
    this.#frame.event = undefined
    this.#frame.steps = steps
    const value = told(this.#steps, undefined, this.#frame)
    this.#frame.steps = NO_STEPS
    return value
  }
}

function told({ code, takesMembers }: Side, data: unknown, frame: Frame): JoinValue {
  run.begun = false
  try {
    const value = code(data, frame)
    if (run.begun && isCostly()) return UNTOLD
    if (value === undefined || isKnown(value)) return value
    return takesMembers && Array.isArray(value) ? membersOf(value) : UNTOLD
  } catch {
    // The error is counted where the expression is asked.
    return UNTOLD
  }
}

/** Both sides together could end at a limit, which is an error of the expression. */
const isCostly = (): boolean =>
  run.steps < run.limits.steps * LEFT_MIN || run.size < run.limits.size * LEFT_MIN

/** What is equal to itself alone: no number that is none, and nothing with parts. */
const isKnown = (value: unknown): value is Scalar =>
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  value === null ||
  (typeof value === 'number' && value - value === 0)

/** Members that are objects are the same as no single value. */
const membersOf = (values: readonly unknown[]): JoinValue =>
  values.length > MEMBERS_MAX ? UNTOLD : values.filter(isKnown)
