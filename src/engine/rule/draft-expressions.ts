import { expressionTools } from '../expression/index.ts'
import type { AlertTemplate, ExpressionScope, Problem, RuleDefinition, SourceText } from '../model/index.ts'
import { parseTemplate } from './template.ts'

type Draft = { readonly [Key in keyof RuleDefinition]?: RuleDefinition[Key] | undefined }

/**
 * The errors in the expressions of a rule that cannot be compiled yet, because other parts of it are wrong: an author sees all of
 * them at once. What depends on the wrong parts (which steps a pattern takes, in which order) is left to the compiler.
 * @param names of the events as written; undefined when these cannot be read, and with them no name is known to be wrong.
 */
export function draftProblems(draft: Draft, names: readonly string[] | undefined): readonly Problem[] {
  const scope = { steps: (names ?? []).map((name) => ({ name, counted: true })) }
  const conditions = (draft.events ?? []).flatMap(({ where }) => where ?? [])
  const others = [
    ...(draft.by ?? []),
    ...(draft.events ?? []).flatMap(({ by }) => by ?? []),
    ...(draft.having ? [draft.having] : []),
    ...(draft.suppress ? (draft.suppress.by ?? []) : []),
    ...(draft.except ?? []).map(({ when }) => when),
    ...[draft.alert, draft.onTimeout].flatMap((alert) => (alert ? alert.evidence.map(evidenceValue) : [])),
  ]
  return [
    ...conditions.flatMap((where) => conditionProblems(where, scope)),
    ...others.flatMap((source) => problemsOf(source, scope)),
    ...[draft.alert, draft.onTimeout].flatMap((alert) => messageProblems(alert, scope)),
  ].filter(({ severity, code }) => severity === 'error' && (names !== undefined || code !== 'unknown-name'))
}

const evidenceValue = ({ value }: AlertTemplate['evidence'][number]): SourceText => value

const problemsOf = (source: SourceText, scope: ExpressionScope): readonly Problem[] =>
  expressionTools.compileExpression(source, scope).problems

function conditionProblems(where: SourceText, scope: ExpressionScope): readonly Problem[] {
  const parts = expressionTools.splitConjuncts(where)
  if (!parts.ok) return parts.problems
  return parts.value.flatMap(
    (part) => expressionTools.compileExpression(part, scope, parts.value.length).problems,
  )
}

function messageProblems(alert: AlertTemplate | undefined, scope: ExpressionScope): readonly Problem[] {
  if (alert?.message === undefined) return []
  const parts = parseTemplate(alert.message)
  if (!parts.ok) return parts.problems
  return parts.value.flatMap((part) => (part.kind === 'hole' ? problemsOf(part.source, scope) : []))
}
