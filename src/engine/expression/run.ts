import type { Frame } from '../model/index.ts'
import { Failure } from './failure.ts'

/** What one evaluation may use. Counted, never timed: the same evaluation ends the same way on every replay. */
export interface Limits {
  /** Nodes evaluated and items visited. */
  readonly steps: number
  /** Array slots and fields allocated; eight characters count as one. */
  readonly size: number
  /** Nested nodes, over function calls. */
  readonly depth: number
  /** Values in one sequence. */
  readonly sequence: number
  /** Characters of one text. */
  readonly text: number
}

export const RULE_LIMITS: Limits = {
  steps: 10_000,
  size: 100_000,
  depth: 300,
  sequence: 10_000,
  text: 262_144,
}

const STEPS_MIN = 50
const SIZE_MIN = 500

/** What each of the conjuncts of a condition may use, so that all of them together stay within about the limits of one. */
export function shareOf(limits: Limits, conjuncts: number): Limits {
  return {
    ...limits,
    steps: Math.max(Math.min(STEPS_MIN, limits.steps), Math.floor(limits.steps / conjuncts)),
    size: Math.max(Math.min(SIZE_MIN, limits.size), Math.floor(limits.size / conjuncts)),
  }
}

/** For the language's conformance suite, which counts to ten million and recurses deeply. */
export const SUITE_LIMITS: Limits = {
  steps: 20_000_000,
  size: 40_000_000,
  depth: 1_000,
  sequence: 10_000_000,
  text: 10_000_000,
}

/**
 * The evaluation under way. There is one at a time: evaluations are synchronous and do not nest, so this needs no parameter on the
 * way through the closures.
 */
export const run = {
  frame: undefined as Frame | undefined,
  /** Whether the evaluation under way has begun to count; the fast path begins when it first needs to. */
  begun: false,
  root: undefined as unknown,
  steps: 0,
  size: 0,
  depth: 0,
  limits: RULE_LIMITS,
}

export function begin(frame: Frame, limits: Limits): void {
  run.begun = true
  run.frame = frame
  run.limits = limits
  run.steps = limits.steps
  run.size = limits.size
  run.depth = limits.depth
}

export function chargeSteps(count: number): void {
  run.steps -= count
  if (run.steps < 0) throw new Failure('U1001')
}

/** For loops without closures: eight rounds cost about as much as one node. */
export function chargeRounds(count: number): void {
  chargeSteps(count >> 3)
}

/** To be called before the allocation. */
export function chargeSize(count: number): void {
  run.size -= count
  if (run.size < 0) throw new Failure('U1002')
}

export function chargeText(length: number): void {
  if (length > run.limits.text) throw new Failure('U1004', { value: run.limits.text })
  chargeSize(length >> 3)
}

export function enter(): void {
  if (--run.depth < 0 || --run.steps < 0) throw new Failure('U1001')
}
