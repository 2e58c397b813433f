import type { Frame } from '../../model/index.ts'
import type { Ast } from '../ast.ts'
import { type Limits, shareOf } from '../run.ts'
import { conjunctsOf } from '../shapes.ts'
import { depthOf } from '../walk.ts'
import { Emitter, OUTSIDE } from './emitter.ts'
import { Generation } from './generation.ts'
import type { Step } from './generator.ts'

export {
  CODEGEN,
  type Codegen,
  type CodegenSetting,
  codegenSetting,
  NO_CODEGEN,
  setCodegen,
} from './codegen.ts'

/** What a generated predicate says when the closures must answer. */
export const ASK = 2
/** What a generated value says when the closures must answer. */
export const ASK_VALUE = Symbol('ask the closures')

export type GeneratedPredicate = (frame: Frame) => 1 | 0 | typeof ASK
export type GeneratedValue = (frame: Frame) => unknown

/** Make the functions of one expression; undefined where it is outside the subset. */
export interface Generators {
  /** Whether the expression is in the subset and what the closures could count for it is little; makes no function. */
  isLight(): boolean
  predicate(): GeneratedPredicate | undefined
  value(): GeneratedValue | undefined
}

interface Options {
  readonly steps: ReadonlyMap<string, Step>
  readonly limits: Limits
}

/** Calls nest a little deeper than their nodes. */
const DEPTH_SPARE = 10

/** What the closures may count at most, where they must, for a light expression. */
const LIGHT_FUEL_MAX = 1_000

/** The source of the expression; undefined when some of it is outside the subset. */
function emit(ast: Ast, { limits }: Options, body: (emitter: Emitter) => void): Emitter | undefined {
  const depthMax = limits.depth - DEPTH_SPARE
  if (depthOf(ast, depthMax) > depthMax) return undefined
  const emitter = new Emitter(limits)
  try {
    body(emitter)
    return emitter
  } catch (error) {
    if (error === OUTSIDE) return undefined
    throw error
  }
}

/** The expression as a predicate. */
function emitPredicate(ast: Ast, options: Options): Emitter | undefined {
  const parts = conjunctsOf(ast)
  const limits = shareOf(options.limits, parts.length)
  return emit(ast, { ...options, limits }, (emitter) => {
    const generator = new Generation(emitter, `return ${ASK};`, options.steps)
    parts.forEach((part, i) => {
      const truth = generator.truth(part)
      emitter.line(i === parts.length - 1 ? `return ${truth} ? 1 : 0;` : `if (!(${truth})) return 0;`)
    })
  })
}

/** The expression's value. */
function emitValue(ast: Ast, options: Options): Emitter | undefined {
  return emit(ast, options, (emitter) => {
    const generator = new Generation(emitter, `return ${emitter.constant(ASK_VALUE)};`, options.steps)
    emitter.line(`return ${generator.value(ast).code};`)
  })
}

export const generatorsOf = (ast: Ast, options: Options): Generators => ({
  isLight: () => emitPredicate(ast, options)?.isBelow(LIGHT_FUEL_MAX) === true,
  predicate: () => emitPredicate(ast, options)?.finish<GeneratedPredicate>(),
  value: () => emitValue(ast, options)?.finish<GeneratedValue>(),
})
