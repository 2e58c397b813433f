import { scanExpression, type Token } from './scan-expression.ts'

/** `text` absent: the whole condition is dropped. */
export interface ExpressionMutation {
  readonly place: string
  readonly change: string
  readonly text: string | undefined
}

const comparisons: Readonly<Record<string, readonly string[]>> = {
  '<=': ['<', '>='],
  '<': ['<=', '>'],
  '>=': ['>', '<='],
  '>': ['>=', '<'],
  '=': ['!='],
  '!=': ['='],
}

/**
 * Works on the tokens, not on the syntax tree: the result is text that an author can read, and everything the mutation does not
 * touch stays as it was written.
 */
export function mutateExpression(text: string): readonly ExpressionMutation[] {
  const tokens = scanExpression(text)
  return [...dropConjuncts(text, tokens), ...moveComparisons(text, tokens), ...scaleNumbers(text, tokens)]
}

function dropConjuncts(text: string, tokens: readonly Token[]): readonly ExpressionMutation[] {
  const cuts = tokens.filter((token) => token.depth === 0 && token.kind === 'name' && token.text === 'and')
  const hasOr = tokens.some((token) => token.depth === 0 && token.kind === 'name' && token.text === 'or')
  if (cuts.length === 0 || hasOr) return [{ place: 'drop', change: 'condition dropped', text: undefined }]
  const bounds = [0, ...cuts.flatMap((cut) => [cut.start, cut.end]), text.length]
  const conjuncts: string[] = []
  for (let index = 0; index < bounds.length; index += 2)
    conjuncts.push(text.slice(bounds[index], bounds[index + 1]).trim())
  return conjuncts.map((conjunct, index) => ({
    place: `drop.${index}`,
    change: `\`${conjunct}\` dropped`,
    text: conjuncts.filter((_, other) => other !== index).join(' and '),
  }))
}

function moveComparisons(text: string, tokens: readonly Token[]): readonly ExpressionMutation[] {
  return tokens.flatMap((token) =>
    (token.kind === 'operator' ? (comparisons[token.text] ?? []) : []).map((operator) => ({
      place: `${token.start}.${operator}`,
      change: `\`${token.text}\` → \`${operator}\``,
      text: replace(text, token, operator),
    })),
  )
}

function scaleNumbers(text: string, tokens: readonly Token[]): readonly ExpressionMutation[] {
  return tokens.flatMap((token) => {
    if (token.kind !== 'number') return []
    const value = Number(token.text)
    return [value / 2, value * 2]
      .filter((scaled) => scaled !== value)
      .map((scaled) => ({
        place: `${token.start}.${scaled}`,
        change: `${token.text} → ${scaled}`,
        text: replace(text, token, String(scaled)),
      }))
  })
}

const replace = (text: string, token: Token, by: string): string =>
  text.slice(0, token.start) + by + text.slice(token.end)
