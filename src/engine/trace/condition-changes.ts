import type { JsonValue, RuleDefinition, SourceText } from '../model/index.ts'
import { mutateExpression } from '../mutation/index.ts'
import { sidesOf } from './condition.ts'
import type { FailedCondition, NearestMiss } from './contract.ts'

/** One changed rule, to be tried. */
export interface Change {
  readonly kind: NearestMiss['kind']
  readonly change: string
  readonly cost: number
  readonly definition: RuleDefinition
}

/** What is taken away costs more than any number that is changed a little. */
export const COST_OF_TEXT = 2
export const COST_OF_DROPPING = 3
const VALUES_TRIED_MAX = 6
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/
const TEXT = /^"[^"\\]*"$/

/** A failed condition with its constant moved to what was there, or dropped; `name`: the event, or `having`. */
export function conditionChanges(
  definition: RuleDefinition,
  failures: ReadonlyMap<string, readonly FailedCondition[]>,
): readonly Change[] {
  const changes = new Map<string, Change>()
  for (const [name, failed] of failures) {
    const source =
      name === 'having' ? definition.having : definition.events.find((event) => event.name === name)?.where
    if (source === undefined) continue
    for (const condition of failed)
      for (const change of [...constantChanges(condition), ...droppings(source, condition)]) {
        const text = change.text(source.text)
        if (text === source.text) continue
        const changed = { kind: name === 'having' ? ('having' as const) : change.kind, cost: change.cost }
        changes.set(`${name} ${change.change}`, {
          ...changed,
          change: `${name}: ${change.change}`,
          definition: withSource(definition, name, source, text),
        })
      }
  }
  return [...changes.values()].sort((a, b) => a.cost - b.cost)
}

interface TextChange {
  readonly kind: 'constant' | 'condition'
  readonly change: string
  readonly cost: number
  text(whole: string): string | undefined
}

function constantChanges({ source, values }: FailedCondition): readonly TextChange[] {
  const sides = sidesOf(source)
  if (sides === undefined) return []
  const { left, operator, right, rightAt } = sides
  const value = values.find(({ text }) => text === left)?.value
  if (value === undefined) return []
  const constant = newConstant(operator, right, value)
  if (constant === undefined) return []
  const changed = source.slice(0, rightAt) + constant.text
  const text = (whole: string): string => whole.replace(source, () => changed)
  return [{ kind: 'constant', change: `\`${changed}\` instead of \`${source}\``, cost: constant.cost, text }]
}

function newConstant(
  operator: string,
  right: string,
  value: JsonValue,
): { readonly text: string; readonly cost: number } | undefined {
  if (NUMBER.test(right) && typeof value === 'number') {
    const old = Number(right)
    const step = Number.isInteger(value) && Number.isInteger(old) ? 1 : 10 ** -decimals(value)
    const exact =
      operator === '<'
        ? value + step
        : operator === '>'
          ? value - step
          : operator === '!='
            ? undefined
            : value
    if (exact === undefined) return undefined
    const next = Number(exact.toFixed(12))
    return { text: String(next), cost: Math.abs(next - old) / Math.max(Math.abs(old), 1) }
  }
  if (TEXT.test(right) && typeof value === 'string' && operator === '=' && value !== '[redacted]')
    return { text: JSON.stringify(value), cost: COST_OF_TEXT }
  return undefined
}

const decimals = (value: number): number => String(value).split('.')[1]?.length ?? 0

function droppings(where: SourceText, { source }: FailedCondition): readonly TextChange[] {
  const drops = mutateExpression(where.text).filter(({ place }) => place.startsWith('drop'))
  return drops
    .filter(({ change }) => change === `\`${source}\` dropped` || drops.length === 1)
    .map(({ change, text }) => ({
      kind: 'condition',
      change:
        drops.length === 1 ? `without \`${where.text}\`` : change.replace(/^(.*) dropped$/, 'without $1'),
      cost: COST_OF_DROPPING,
      text: () => text,
    }))
}

function withSource(
  definition: RuleDefinition,
  name: string,
  source: SourceText,
  text: string | undefined,
): RuleDefinition {
  const changed = text === undefined ? undefined : { text, pointer: source.pointer }
  if (name === 'having') {
    const { having: _, ...rest } = definition
    return changed === undefined ? rest : { ...rest, having: changed }
  }
  return {
    ...definition,
    events: definition.events.map((event) => {
      if (event.name !== name) return event
      const { where: _, ...rest } = event
      return changed === undefined ? rest : { ...rest, where: changed }
    }),
  }
}

/** The conditions to change: the first of each kind, those that failed with the fewest others first. */
export function mostTelling(failed: readonly FailedCondition[]): readonly FailedCondition[] {
  const bySource = new Map<string, FailedCondition[]>()
  for (const condition of failed) {
    const same = bySource.get(condition.source) ?? []
    const isKnown = same.some(({ values }) => JSON.stringify(values) === JSON.stringify(condition.values))
    if (!isKnown && same.length < VALUES_TRIED_MAX) same.push(condition)
    bySource.set(condition.source, same)
  }
  return [...bySource.values()].flat()
}
