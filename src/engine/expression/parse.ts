import jsonata from 'jsonata'
import type { Ast } from './ast.ts'
import { partsOf, visit } from './walk.ts'

export const SOURCE_MAX = 8_192

/** What is wrong with a text, at a range of it. */
export interface Trouble {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly offset: number
  readonly length: number
}

export type Parsed =
  | { readonly ok: true; readonly ast: Ast }
  | { readonly ok: false; readonly trouble: Trouble; readonly reference: ParserError | undefined }

/** As the `jsonata` package throws it. */
export interface ParserError {
  readonly code?: string
  readonly position?: number
  readonly token?: unknown
  readonly value?: unknown
}

export function parse(text: string, max = SOURCE_MAX): Parsed {
  if (text.length > max) {
    const message = `The expression has ${text.length} characters; ${max} are allowed.`
    return refused({ code: 'expression-too-long', message, offset: 0, length: 1 })
  }
  try {
    const parser = jsonata(text) as unknown as { ast(): Ast }
    const ast = plain(parser.ast(), new Map())
    restoreRegexes(ast)
    return { ok: true, ast }
  } catch (error) {
    if (error instanceof RangeError)
      return refused({
        code: 'expression-too-long',
        message: 'The expression nests too deeply.',
        offset: 0,
        length: 1,
      })
    const reference = error as ParserError
    return { ok: false, trouble: explain(text, reference), reference }
  }
}

/**
 * The tree without what its nodes inherit: each is made from a token, which holds the parser, its table of symbols and the text. Ten
 * thousand conditions would hold ten thousand parsers. What is in two places stays one thing.
 */
function plain<T>(value: T, copies: Map<object, unknown>): T {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value
  const known = copies.get(value)
  if (known !== undefined) return known as T
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {}
  copies.set(value, copy)
  for (const [name, part] of Object.entries(value)) Object.assign(copy, { [name]: plain(part, copies) })
  return copy as T
}

function regexes(node: Ast): readonly Ast[] {
  const found: Ast[] = []
  visit(node, (part) => {
    if (part.type === 'regex') found.push(part)
  })
  return found
}

/** The parser copies the left side of `??` and `?:` by way of JSON, which loses regular expressions: they are put back. */
function restoreRegexes(node: Ast): void {
  for (const part of partsOf(node)) if (part !== node.condition) restoreRegexes(part)
  const { condition, then: original } = node
  if (condition === undefined || original === undefined) return
  const copies = regexes(condition)
  if (copies.length > 0 && copies.every(({ value }) => !(value instanceof RegExp))) {
    const originals = regexes(original)
    copies.forEach((copy, i) => {
      Object.assign(copy, { value: originals[i]?.value })
    })
  } else restoreRegexes(condition)
}

const refused = (trouble: Trouble): Parsed => ({ ok: false, trouble, reference: undefined })

/** The same text with the contents of literals, quoted names and comments blanked out, so that operators can be looked for. */
function bare(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?|\/\*[\s\S]*?(?:\*\/|$)/g, (match) =>
    ' '.repeat(match.length),
  )
}

/** Operators of other languages, with what to write instead. */
const FOREIGN: ReadonlyArray<readonly [RegExp, string, string]> = [
  [/===?/, 'equality is written `=`', '='],
  [/!==/, 'inequality is written `!=`', '!='],
  [/&&/, 'conditions are joined by `and`', 'and'],
  [/\|\|/, 'alternatives are joined by `or`', 'or'],
  [/<>/, 'inequality is written `!=`', '!='],
  [/=>/, '`=>` does not exist; at least is `>=`', '>='],
  [/=</, '`=<` does not exist; at most is `<=`', '<='],
]

function foreign(text: string): Trouble | undefined {
  const code = bare(text)
  for (const [pattern, message, right] of FOREIGN) {
    const found = pattern.exec(code)
    if (found === null) continue
    return {
      code: 'expression-operator',
      message: `\`${found[0]}\` is no operator here: ${message}.`,
      hint: `write \`${right}\``,
      offset: found.index,
      length: found[0].length,
    }
  }
  const not = /(^|[^~])!(?!=)\s*([\w$.]*)/.exec(code)
  if (not === null) return undefined
  const name = not[2] ?? ''
  return {
    code: 'expression-operator',
    message: '`!` is no operator: negation is a function.',
    hint: `write \`$not(${name === '' ? '…' : name})\``,
    offset: not.index + (not[1] ?? '').length,
    length: 1,
  }
}

/** By code of the `jsonata` package. */
const MESSAGES: Readonly<Record<string, readonly [string, string?]>> = {
  S0101: ['The text literal has no closing quote.', 'add the quote, or double the backslashes in it'],
  S0102: ['The number is too large.'],
  S0103: ['The text has an unknown escape.', 'write `\\\\` for a backslash'],
  S0104: ['`\\u` must be followed by four hexadecimal digits.'],
  S0105: ['The quoted name has no closing backtick.', 'add the backtick'],
  S0106: ['The comment is not closed.', 'add `*/`'],
  S0203: ['The expression ends too early.', 'close what is open'],
  S0207: ['The expression ends too early.', 'write what follows the last operator'],
  S0208: ['Parameters of a function must be variables.', 'write `function($name) { … }`'],
  S0209: ['A filter cannot follow a grouping.', 'put the filter before the grouping'],
  S0210: ['A step can have one grouping only.'],
  S0211: ['The symbol cannot stand here.', 'remove it, or write what it applies to'],
  S0212: ['Only a variable can be given a value.', 'write `$name := …`; equality is `=`'],
  S0213: ['A literal cannot be a step of a path.', 'quote names with backticks'],
  S0214: ['A variable name must follow.', 'write `@$name` or `#$name`'],
  S0215: ['A binding must stand before the filters of its step.'],
  S0216: ['A binding must stand before the ordering of its step.'],
  S0217: ['`%` has no parent here.'],
  S0301: ['The regular expression is empty.'],
  S0302: ['The regular expression has no closing `/`.', 'close it; a division needs something on its left'],
  S0401: ['Only arrays and functions have a type of members in a signature.'],
  S0402: ['Types with members cannot be alternatives in a signature.'],
}

function explain(text: string, error: ParserError): Trouble {
  const token = typeof error.token === 'string' ? error.token : ''
  const end = typeof error.position === 'number' ? error.position : text.length
  const offset = Math.max(0, Math.min(end - Math.max(token.length, 1), Math.max(text.length - 1, 0)))
  const slip = foreign(text)
  if (slip !== undefined) return slip
  const place = { offset, length: Math.max(1, token.length) }
  const code = 'expression-syntax'
  const known = MESSAGES[error.code ?? '']
  if (known !== undefined) {
    const [message, hint] = known
    return { code, message, ...(hint === undefined ? {} : { hint }), ...place }
  }
  if (error.code === 'S0202')
    return { code, message: `\`${String(error.value)}\` is expected here, not \`${token}\`.`, ...place }
  if (error.code === undefined)
    return { code, message: 'The regular expression cannot be read.', offset: 0, length: text.length }
  const what = token === '' ? 'The expression' : `\`${token}\``
  return { code, message: `${what} cannot stand here.`, hint: 'check the operator before it', ...place }
}
