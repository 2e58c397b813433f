import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { type Codegen, compileAnything, NO_CODEGEN } from '../../../src/engine/expression/index.ts'
import { EAGER_CODEGEN } from '../../support/eager-codegen.ts'

export interface SuiteCase {
  readonly id: string
  readonly expr: string
  readonly data?: unknown
  readonly dataset?: string | null
  readonly bindings?: Readonly<Record<string, unknown>>
  readonly depth?: number
  readonly timelimit?: number
  readonly result?: unknown
  readonly undefinedResult?: boolean
  readonly code?: string
  readonly token?: string
  readonly error?: { readonly code?: string; readonly token?: string; readonly message?: string }
}

export interface Suite {
  readonly datasets: Readonly<Record<string, unknown>>
  readonly cases: readonly SuiteCase[]
}

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'failed'; readonly why: string }

export function readSuite(file: string): Suite {
  return JSON.parse(readFileSync(file, 'utf8')) as Suite
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 300) ?? 'nothing'

/** Sequences are arrays, and what is nothing is not written. */
const plain = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value))

/** By closures, then by generated source where there is any. */
export function runCase(suite: Suite, test: SuiteCase): Verdict {
  const verdict = runOnce(suite, test, NO_CODEGEN)
  return verdict.kind === 'passed' ? runOnce(suite, test, EAGER_CODEGEN) : verdict
}

function runOnce(suite: Suite, test: SuiteCase, codegen: Codegen): Verdict {
  const { dataset } = test
  const data = dataset === undefined ? test.data : dataset === null ? undefined : suite.datasets[dataset]
  const limits = test.depth === undefined ? {} : { depth: test.depth }
  const compiled = compileAnything(test.expr, { bindings: test.bindings ?? {}, limits, codegen })
  const outcome = compiled.kind === 'ready' ? compiled.evaluate(structuredClone(data)) : compiled
  if (outcome.kind === 'refused') return outcome
  const expected = test.error ?? (test.code === undefined ? undefined : test)
  if (outcome.kind === 'error') {
    const { code, token, message } = outcome.error
    if (expected === undefined) return { kind: 'failed', why: `error ${code} ${message}` }
    if (expected.code !== code) return { kind: 'failed', why: `error ${code} instead of ${expected.code}` }
    if (expected.token !== undefined && expected.token !== token)
      return { kind: 'failed', why: `token ${token} instead of ${expected.token}` }
    const wanted = test.error?.message
    if (wanted !== undefined && wanted !== message)
      return { kind: 'failed', why: `message "${message}" instead of "${wanted}"` }
    return { kind: 'passed' }
  }
  if (expected !== undefined)
    return { kind: 'failed', why: `${show(outcome.value)} instead of error ${expected.code}` }
  const wanted = test.undefinedResult === true ? undefined : test.result
  return isDeepStrictEqual(plain(outcome.value), wanted)
    ? { kind: 'passed' }
    : { kind: 'failed', why: `${show(outcome.value)} instead of ${show(wanted)}` }
}
