import jsonata from 'jsonata'
import {
  type Compiled,
  compileAnything,
  RULE_LIMITS,
  type SuiteOutcome,
} from '../../src/engine/expression/index.ts'
import { EAGER_CODEGEN } from '../support/eager-codegen.ts'

interface ReferenceError {
  readonly code?: string
  readonly position?: number
  readonly token?: unknown
}

export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: string; readonly position: unknown; readonly token: unknown }
  | { readonly kind: 'refused'; readonly code: string }

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' &&
    value !== null &&
    (value.constructor?.name === 'Lambda' ||
      value.constructor?.name === 'Native' ||
      value.constructor?.name === 'Wrapped' ||
      value.constructor?.name === 'Matcher' ||
      '_jsonata_lambda' in value ||
      '_jsonata_function' in value))

/** Plain data without prototypes, marks of sequences and functions. */
function plain(value: unknown, depth = 0): unknown {
  if (isFunction(value)) return '<function>'
  if (depth > 20) return '<deep>'
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  if (Array.isArray(value)) return Array.from(value, (member) => plain(member, depth + 1))
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, plain((value as Record<string, unknown>)[name], depth + 1)]),
  )
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_name, member) =>
    typeof member === 'number' && !Number.isFinite(member)
      ? String(member)
      : member === undefined
        ? '<nothing>'
        : member,
  ) ?? '<nothing>'

export const textOf = (answer: Answer): string =>
  answer.kind === 'value' ? show(plain(answer.value)) : show(answer)

function ours(outcome: SuiteOutcome): Answer {
  if (outcome.kind !== 'error') return outcome
  const { code, position, token } = outcome.error
  return { kind: 'error', code, position, token }
}

const theirs = (error: ReferenceError): Answer => ({
  kind: 'error',
  code: error.code ?? 'none',
  position: error.position,
  token: error.token,
})

/** The closures that know everything, the fast ones, and generated source before them. */
export type Path = 'general' | 'fast' | 'generated'

export interface Pair {
  readonly ours: (data: unknown, path: Path) => Answer
  readonly reference: (data: unknown) => Promise<Answer>
}

/** One text in both engines. */
export function compileBoth(text: string): Pair {
  const compiled = {
    general: compileAnything(text, { limits: RULE_LIMITS, general: true }),
    fast: compileAnything(text, { limits: RULE_LIMITS }),
    generated: compileAnything(text, { limits: RULE_LIMITS, codegen: EAGER_CODEGEN }),
  }
  const answer = (one: Compiled, data: unknown): Answer =>
    ours(one.kind === 'ready' ? one.evaluate(data) : one)
  let reference: jsonata.Expression | undefined
  let broken: Answer | undefined
  try {
    reference = jsonata(text)
  } catch (error) {
    broken = theirs(error as ReferenceError)
  }
  return {
    ours: (data, path) => answer(compiled[path], data),
    reference: async (data) => {
      if (reference === undefined) return broken as Answer
      try {
        return { kind: 'value', value: await reference.evaluate(data) }
      } catch (error) {
        return theirs(error as ReferenceError)
      }
    },
  }
}
