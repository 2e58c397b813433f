import type { CompareOperator, Predicate, Term } from './corpus.ts'

/** Event times of a case in the product: doubled, so that a watermark can stand between two of them, and away from 1970. */
export const CASE_START = 1_000_000_000_000
export const toProductTime = (time: number): number => CASE_START + 2 * time
export const toCaseTime = (time: number): number => (time - CASE_START) / 2

const OPERATORS: Partial<Record<CompareOperator, string>> = {
  eq: '=',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
}

export interface Surroundings {
  readonly nameOf: (stage: string) => string
  /** The stage itself where it takes one event: it has taken none while its condition is asked, which the product wants said plainly. */
  readonly ownSingle: string | undefined
}

/** The corpus' predicate as JSONata; a missing field makes every comparison false. */
export function toExpression(predicate: Predicate, { nameOf, ownSingle }: Surroundings): string {
  const term = (source: Term): string => {
    if ('const' in source) return JSON.stringify(source.const)
    if ('field' in source) return field(source.field)
    if ('ts' in source || 'procTime' in source) return `(($toMillis(_time) - ${CASE_START}) / 2)`
    if ('add' in source) return `(${source.add.map(term).join(' + ')})`
    if ('count' in source && source.count.stage === ownSingle) return '0'
    if ('count' in source) return `$count($${nameOf(source.count.stage)})`
    if ('sum' in source) return `$sum(${values(source.sum)})`
    if ('first' in source) return `${values(source.first)}[0]`
    return `${values(source.last)}[-1]`
  }
  const values = (source: { readonly stage: string; readonly field: string }): string =>
    source.stage === ownSingle ? '[]' : `[$${nameOf(source.stage)}.${field(source.field)}]`
  const text = (each: Predicate): string => {
    if (each.op === 'true' || each.op === 'false') return each.op
    if ('args' in each) return `(${each.args.map(text).join(` ${each.op} `)})`
    if ('arg' in each) return `$not(${text(each.arg)})`
    if ('left' in each) return compare(each.op, term(each.left), term(each.right))
    if ('field' in each) return compare(each.op, field(each.field), JSON.stringify(each.value))
    return 'false'
  }
  return text(predicate)
}

const field = (name: string): string => `\`${name}\``

function compare(op: CompareOperator, left: string, right: string): string {
  if (op === 'contains') return `$contains(${left}, ${right})`
  if (op === 'startsWith') return `$substring(${left}, 0, $length(${right})) = ${right}`
  const comparison = `${left} ${OPERATORS[op]} ${right}`
  return op === 'ne' ? `($exists(${left}) and $exists(${right}) and ${comparison})` : comparison
}
