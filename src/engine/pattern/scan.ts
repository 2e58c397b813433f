/** Characters of a sentence: `offset` from its start. */
export interface Span {
  readonly offset: number
  readonly length: number
}

export interface Token extends Span {
  /** `amount`: digits with whatever follows them directly, as in `5m` or `1h30m`. `other`: what the language does not have. */
  readonly kind: 'word' | 'amount' | 'mark' | 'other' | 'end'
  readonly text: string
}

const TOKEN =
  /\s+|(?<word>[A-Za-z_$`][\w$`]*(?:[-.][\w$`]+)*)|(?<amount>\d[\w.]*)|(?<mark>[(),])|(?<other>[&|<>=!+*?{}~^-]+|.)/gsu

/** Splits a sentence into tokens; the last one is `end`. Never fails: what is not understood becomes an `other` token. */
export function scanSentence(text: string): readonly Token[] {
  const tokens: Token[] = []
  for (const found of text.matchAll(TOKEN)) {
    const groups = found.groups ?? {}
    const kind = (['word', 'amount', 'mark', 'other'] as const).find((name) => groups[name] !== undefined)
    if (!kind) continue
    tokens.push({ kind, text: found[0], offset: found.index, length: found[0].length })
  }
  // The end stands right behind the last word, where something is missing.
  const last = tokens.at(-1)
  tokens.push({ kind: 'end', text: '', offset: last ? last.offset + last.length : 0, length: 1 })
  return tokens
}
