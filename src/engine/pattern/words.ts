/** Every word of the sentence language. None of them can name an event. */
export const SENTENCE_WORDS = [
  'all',
  'and',
  'any',
  'at',
  'between',
  'by',
  'exactly',
  'followed',
  'for',
  'immediately',
  'least',
  'more',
  'no',
  'not',
  'of',
  'one',
  'optional',
  'or',
  'until',
  'within',
  'without',
] as const

const words: ReadonlySet<string> = new Set(SENTENCE_WORDS)

/** Whether a word belongs to the sentence language, so that it cannot name an event. */
export const isSentenceWord = (word: string): boolean => words.has(word)

/** `a`, `a or b`, `a, b or c`. */
export function listOf(items: readonly string[], last = 'or'): string {
  const head = items.slice(0, -1).join(', ')
  const tail = items.at(-1) ?? ''
  return head === '' ? tail : `${head} ${last} ${tail}`
}
