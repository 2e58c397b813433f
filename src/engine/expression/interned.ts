/**
 * The text as the names of properties are kept, one of each: so are short texts of parsed JSON, and equal ones are found equal at once.
 *
 * By way of an object without a prototype, which is a table from the start. A literal with the text as its first name would be one more
 * transition from the empty object. V8 keeps 1,536 of these; after that, a literal that begins with a name that it has not seen makes
 * tables.
 */
export function interned(text: string): string {
  const table: Record<string, number> = Object.create(null)
  table[text] = 0
  return Object.keys(table)[0] ?? text
}
