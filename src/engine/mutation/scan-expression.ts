/** A piece of JSONata text. Strings, quoted names, comments and regular expressions are skipped over, not returned. */
export interface Token {
  readonly kind: 'name' | 'number' | 'operator'
  readonly text: string
  readonly start: number
  readonly end: number
  /** Brackets open around it. */
  readonly depth: number
}

/** Alternatives in order; `skip` is what a mutation must not reach into. A slash opens a regular expression only after `(` or `,`. */
const lexeme =
  /(?<skip>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\/\*[\s\S]*?\*\/|(?<=[(,]\s*)\/(?:[^/\\]|\\.)+\/[im]*)|(?<name>\$*[A-Za-z_][A-Za-z0-9_]*|\$+)|(?<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?<operator><=|>=|!=|:=|~>|\.\.|[<>=])|(?<bracket>[()[\]{}])/g

export function scanExpression(text: string): readonly Token[] {
  const tokens: Token[] = []
  let depth = 0
  for (const found of text.matchAll(lexeme)) {
    const { name, number, operator, bracket } = found.groups ?? {}
    if (bracket !== undefined) depth += '([{'.includes(bracket) ? 1 : -1
    const kind =
      name !== undefined
        ? 'name'
        : number !== undefined
          ? 'number'
          : operator !== undefined
            ? 'operator'
            : undefined
    if (kind === undefined) continue
    tokens.push({ kind, text: found[0], start: found.index, end: found.index + found[0].length, depth })
  }
  return tokens
}
