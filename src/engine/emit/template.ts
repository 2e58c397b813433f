import type { Evaluation, Expression } from '../model/index.ts'
import type { AlertProgram } from '../rule/program.ts'
import { HIDDEN, namesHidden } from './redaction.ts'

/** What a rule says about a match: text and values, and what went wrong while computing them. */
export interface AlertText {
  readonly message: string | undefined
  readonly evidence: Readonly<Record<string, unknown>>
  /** Code and message by evidence name (or `message`); absent when all went well. */
  readonly errors: Readonly<Record<string, string>> | undefined
}

/**
 * Computes message and evidence. A failing part leaves a visible mark and never costs the alert; one that names a redacted field is
 * not computed.
 */
export function alertText(
  program: AlertProgram,
  evaluate: (expression: Expression) => Evaluation,
  redact: ReadonlySet<string>,
): AlertText {
  const errors: Record<string, string> = {}
  const fail = (name: string, expression: Expression, error: { code: string; message: string }): void => {
    errors[name] = `${error.code}: ${error.message} (${expression.source})`
  }
  let message: string | undefined
  if (program.message !== undefined) {
    message = ''
    for (const part of program.message) {
      if (part.kind === 'text') {
        message += part.text
        continue
      }
      if (namesHidden(part.value.source, redact)) {
        message += HIDDEN
        continue
      }
      const evaluation = evaluate(part.value)
      if (evaluation.ok) message += displayed(evaluation.value)
      else {
        message += `‹${evaluation.error.code}›`
        fail('message', part.value, evaluation.error)
      }
    }
  }
  const evidence: Record<string, unknown> = {}
  for (const { name, value } of program.evidence) {
    if (namesHidden(value.source, redact)) {
      evidence[name] = HIDDEN
      continue
    }
    const evaluation = evaluate(value)
    if (!evaluation.ok) {
      evidence[name] = null
      fail(name, value, evaluation.error)
    } else if (evaluation.value !== undefined) evidence[name] = evaluation.value
  }
  return { message, evidence, errors: Object.keys(errors).length === 0 ? undefined : errors }
}

/** A value inside a sentence: text as it is, nothing for nothing, JSON for the rest. */
function displayed(value: unknown): string {
  if (value === undefined || value === null) return '‹none›'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(Number(value.toPrecision(15)))
  return JSON.stringify(value) ?? '‹none›'
}
