import type { ExpressionError } from '../model/index.ts'
import { eventTime, type Frame } from '../model/index.ts'
import type { Outside } from './code/index.ts'
import { closuresOf } from './compile-expression.ts'
import { Evaluator } from './evaluator.ts'
import { FUNCTIONS, REFUSED } from './functions/index.ts'
import type { Codegen } from './generated/index.ts'
import { boundNames } from './names.ts'
import { type ParserError, parse } from './parse.ts'
import { type Limits, SUITE_LIMITS } from './run.ts'
import { visit } from './walk.ts'

export type SuiteOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: ExpressionError }
  /** A documented problem code: the language has it, Sequitur does not. */
  | { readonly kind: 'refused'; readonly code: string }

const NOTHING = { taken: () => [], count: () => 0 }
const SOURCE_MAX = 1_000_000

/** A text, compiled for any document: without the names of a rule, with the language's own codes for syntax errors. */
export type Compiled =
  | { readonly kind: 'ready'; evaluate(data: unknown): SuiteOutcome }
  | Exclude<SuiteOutcome, { kind: 'value' }>

export interface AnythingOptions {
  readonly bindings?: Readonly<Record<string, unknown>>
  readonly limits?: Partial<Limits>
  /** Only the general closures, never the fast path. */
  readonly general?: boolean
  readonly codegen?: Codegen
}

/** For conformance and comparison with the reference. */
export function compileAnything(text: string, options: AnythingOptions = {}): Compiled {
  const { bindings = {}, limits = {} } = options
  const parsed = parse(text, SOURCE_MAX)
  if (!parsed.ok) {
    if (parsed.reference?.code === undefined) return { kind: 'refused', code: parsed.trouble.code }
    return { kind: 'error', error: syntaxError(parsed.reference, parsed.trouble.message) }
  }
  const bound = boundNames(parsed.ast)
  let refused = false
  visit(parsed.ast, ({ type, value }) => {
    if (type === 'variable' && REFUSED.has(value as string) && !bound.has(value as string)) refused = true
  })
  if (refused) return { kind: 'refused', code: 'refused-function' }
  const outside: Outside = {
    read: (name) => (Object.hasOwn(bindings, name) ? () => bindings[name] : undefined),
  }
  // Bindings may hide library functions; only the general closures know.
  const general = options.general === true || Object.keys(bindings).some((name) => FUNCTIONS.has(name))
  const names = general ? new Set([...bound, '']) : bound
  const allowed = { ...SUITE_LIMITS, ...limits }
  const closures = closuresOf(parsed.ast, names, outside, allowed)
  if ('code' in closures) return { kind: 'refused', code: closures.code }
  const evaluator = new Evaluator(closures, allowed, options.codegen)
  return {
    kind: 'ready',
    evaluate: (data) => {
      const result = evaluator.evaluate(frameOf(data))
      return result.ok ? { kind: 'value', value: result.value } : { kind: 'error', error: result.error }
    },
  }
}

function frameOf(data: unknown): Frame {
  const event = { sequence: 1, time: 0, ingestedAt: 0, subject: '', id: '', data }
  return {
    event: event as unknown as NonNullable<Frame['event']>,
    steps: NOTHING,
    key: null,
    lists: { has: () => false },
    time: eventTime(0),
  }
}

function syntaxError(error: ParserError, message: string): ExpressionError {
  return {
    code: error.code ?? '',
    message,
    ...(error.position === undefined ? {} : { position: error.position }),
    ...(typeof error.token === 'string' ? { token: error.token } : {}),
    ...(error.value === undefined ? {} : { value: error.value }),
  }
}
