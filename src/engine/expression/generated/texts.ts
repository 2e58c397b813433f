import type { Ast } from '../ast.ts'
import { linearRegex } from '../regex/engine.ts'
import { type Binary, constantOf, type NamedCall, namedCall, unwrapped } from '../shapes.ts'
import { sizeOf } from '../walk.ts'
import { BOOLEAN, type Emitted, NOTHING, NUMBER, outside, TEXT } from './emitter.ts'
import type { Generator } from './generator.ts'

/** Texts up to this length are searched without counting, as in the closures. */
const UNCOUNTED_MAX = 4_096
const COMPARISONS_MAX = 16_384
/** Where the closures would count every character of the text. */
const COUNTED_MAX = 1_024

const ASCII = /^[\0-\x7f]*$/

/** The closures answer here, and count, when there is no text; the sum of all of that must stay below the limits. */
function mayCount({ emitter }: Generator, node: Ast, characters = 0): void {
  emitter.steps += 4 * sizeOf(node) + (characters >> 3)
  emitter.size += 4 * sizeOf(node) + 2 * characters
}

/** A function of a text: nothing of nothing, and the closures for everything else. */
function onText(
  generator: Generator,
  node: Ast,
  text: Emitted,
  result: (code: string) => string,
  types: number,
  lengthMax = UNCOUNTED_MAX,
): Emitted {
  const { emitter, ask } = generator
  if ((text.types & TEXT) === 0) return outside()
  mayCount(generator, node)
  const value = emitter.fresh()
  emitter.line(`let ${value};`)
  emitter.line(
    `if (typeof ${text.code} === 'string' && ${text.code}.length <= ${lengthMax}) ${value} = ${result(text.code)};`,
  )
  emitter.line((text.types & NOTHING) === 0 ? `else ${ask}` : `else if (${text.code} !== undefined) ${ask}`)
  return { code: value, types: (text.types & NOTHING) === 0 ? types : types | NOTHING }
}

export function emitContains(generator: Generator, node: Ast, { args }: NamedCall): Emitted {
  const [text, token] = args
  if (text === undefined || token === undefined) return outside()
  const { emitter } = generator
  if (token.type === 'regex' && token.predicate === undefined) {
    const { source, flags } = token.value as RegExp
    const regex = linearRegex(source, flags)
    if (regex === undefined) return outside()
    const tester = emitter.constant(regex.native ?? regex)
    const lengthMax = Math.floor(COMPARISONS_MAX / regex.cost)
    return onText(
      generator,
      node,
      generator.value(text),
      (code) => `${tester}.test(${code})`,
      BOOLEAN,
      lengthMax,
    )
  }
  const wanted = constantOf(token)?.value
  if (typeof wanted !== 'string') return outside()
  const constant = emitter.constant(wanted)
  return onText(
    generator,
    node,
    generator.value(text),
    (code) => `${code}.indexOf(${constant}) !== -1`,
    BOOLEAN,
  )
}

export function emitCase(generator: Generator, node: Ast, { name, args }: NamedCall): Emitted {
  const [text] = args
  if (text === undefined) return outside()
  const method = name === 'lowercase' ? 'toLowerCase' : 'toUpperCase'
  return onText(generator, node, generator.value(text), (code) => `${code}.${method}()`, TEXT)
}

function substringOf(node: Ast): { text: Ast; start: number; end: number } | undefined {
  const call = namedCall(node)
  const [text, from, length] = call?.args ?? []
  if (call?.name !== 'substring' || call.args.length !== 3) return undefined
  if (text === undefined || from === undefined || length === undefined) return undefined
  const start = constantOf(from)?.value
  const count = constantOf(length)?.value
  if (typeof start !== 'number' || typeof count !== 'number') return undefined
  if (!Number.isInteger(start) || !Number.isInteger(count) || start < 0 || count < 1) return undefined
  return { text, start, end: start + count }
}

/** Characters are code points; a text of plain ASCII has one per unit. */
export function emitSubstring(generator: Generator, node: Ast): Emitted {
  const found = substringOf(node)
  if (found === undefined) return outside()
  const { emitter, ask } = generator
  const text = generator.value(found.text)
  if ((text.types & TEXT) === 0) return outside()
  mayCount(generator, node)
  const value = emitter.fresh()
  const head = emitter.fresh()
  emitter.line(`let ${value};`)
  emitter.line(
    `if (typeof ${text.code} === 'string') { const ${head} = ${text.code}.slice(0, ${found.end}); if (!${emitter.constant(ASCII)}.test(${head})) ${ask} ${value} = ${found.start === 0 ? head : `${head}.slice(${found.start})`}; }`,
  )
  emitter.line(`else if (${text.code} !== undefined) ${ask}`)
  return { code: value, types: TEXT | NOTHING }
}

/** `$substring(host, 0, 3) = "db-"`, as many characters as the text has: what the text begins with. */
export function emitPrefix(generator: Generator, { operator, left, right }: Binary): Emitted | undefined {
  const node = unwrapped(left)
  const found = substringOf(node)
  const wanted = constantOf(unwrapped(right))?.value
  if (found === undefined || typeof wanted !== 'string' || found.start !== 0) return undefined
  if (wanted.length !== found.end || !ASCII.test(wanted)) return undefined
  const { emitter, ask } = generator
  const text = generator.value(found.text)
  if ((text.types & TEXT) === 0) return undefined
  mayCount(generator, node, COUNTED_MAX)
  const value = emitter.fresh()
  const begins = `${text.code}.startsWith(${emitter.constant(wanted)})`
  emitter.line(`let ${value} = false;`)
  emitter.line(
    `if (typeof ${text.code} === 'string' && ${text.code}.length <= ${COUNTED_MAX}) ${value} = ${operator === '=' ? begins : `!${begins}`};`,
  )
  emitter.line(`else if (${text.code} !== undefined) ${ask}`)
  return { code: value, types: BOOLEAN }
}

/** Pairs of surrogates are one character each. */
function lengthOf(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(i + 1)
    if (next < 0xdc00 || next > 0xdfff) continue
    length--
    i++
  }
  return length
}

export function emitLength(generator: Generator, node: Ast, { args }: NamedCall): Emitted {
  const [text] = args
  if (text === undefined) return outside()
  mayCount(generator, node, COUNTED_MAX)
  const { emitter } = generator
  const count = emitter.constant(lengthOf)
  return onText(generator, node, generator.value(text), (code) => `${count}(${code})`, NUMBER, COUNTED_MAX)
}
