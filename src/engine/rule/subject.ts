/** What is wrong with a NATS subject filter, as a sentence; undefined when nothing is. */
export function subjectTrouble(subject: string): string | undefined {
  const tokens = subject.split('.')
  if (subject.length > 255 || tokens.length > 16) return 'A subject has at most 16 tokens and 255 characters.'
  if (tokens.includes('')) return 'A subject has no empty token: no dot at an end, no two dots in a row.'
  if (/\s/.test(subject)) return 'A subject has no spaces.'
  if (tokens.slice(0, -1).includes('>')) return '`>` can only be the last token.'
  const mixed = tokens.find((token) => token.length > 1 && /[*>]/.test(token))
  if (mixed !== undefined) return `A wildcard stands alone between dots, not inside \`${mixed}\`.`
  if (!/^[\x21-\x7e]+$/.test(subject)) return 'A subject has printable ASCII characters only.'
  if (subject.startsWith('$') || subject.startsWith('sequitur.'))
    return 'Subjects with this start are reserved.'
  return undefined
}

/** Whether a subject filter takes a subject (or everything that another filter takes). */
export function subjectCovers(filter: string, subject: string): boolean {
  const wanted = filter.split('.')
  const tokens = subject.split('.')
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index
    const got = tokens[index]
    if (got === undefined || got === '>') return false
    if (token !== '*' && token !== got) return false
  }
  return wanted.length === tokens.length
}
