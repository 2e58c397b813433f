import type { Ast } from '../ast.ts'
import { type Binary, constantOf, constantsOf, unwrapped } from '../shapes.ts'
import { BOOLEAN, type Emitted, NOTHING, NUMBER, OBJECT, outside, TEXT } from './emitter.ts'
import type { Generator } from './generator.ts'
import { emitPrefix } from './texts.ts'

const LINEAR_MAX = 8
const ORDER = new Set(['<', '<=', '>', '>='])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%'])

export function emitOperator(generator: Generator, operation: Binary): Emitted {
  const { operator, left, right } = operation
  if (operator === 'and' || operator === 'or') return emitLogical(generator, operation)
  if (operator === 'in') return emitMember(generator, operation)
  if (operator === '=' || operator === '!=')
    return emitPrefix(generator, operation) ?? emitEquality(generator, left, right, operator === '=')
  if (ORDER.has(operator)) return emitOrder(generator, operation)
  return ARITHMETIC.has(operator) ? emitArithmetic(generator, operation) : outside()
}

function emitLogical(generator: Generator, { operator, left, right }: Binary): Emitted {
  const { emitter } = generator
  const first = generator.truth(left)
  const result = emitter.fresh()
  emitter.line(`let ${result} = ${first};`)
  emitter.block(operator === 'or' ? `if (!${result})` : `if (${result})`, () => {
    emitter.line(`${result} = ${generator.truth(right)};`)
  })
  return { code: result, types: BOOLEAN }
}

function emitMember(generator: Generator, { left, right }: Binary): Emitted {
  const { emitter } = generator
  const constants = constantsOf(right)
  if (constants === undefined) return outside()
  const { code } = generator.value(left)
  if (constants.length > LINEAR_MAX)
    return emitter.local(`${emitter.constant(new Set(constants))}.has(${code})`, BOOLEAN)
  const compared = constants.map((constant) => `${code} === ${emitter.scalar(constant).code}`)
  return emitter.local(compared.length === 0 ? 'false' : compared.join(' || '), BOOLEAN)
}

function emitEquality(generator: Generator, left: Ast, right: Ast, wanted: boolean): Emitted {
  const { emitter, ask } = generator
  const fixed = constantOf(unwrapped(right)) ?? constantOf(unwrapped(left))
  if (fixed !== undefined) {
    const { code } = generator.value(constantOf(unwrapped(right)) === undefined ? right : left)
    const constant = emitter.scalar(fixed.value).code
    return emitter.local(
      wanted ? `${code} === ${constant}` : `${code} !== undefined && ${code} !== ${constant}`,
      BOOLEAN,
    )
  }
  const a = generator.value(left)
  const b = generator.value(right)
  const present = [a, b]
    .filter(({ types }) => (types & NOTHING) !== 0)
    .map(({ code }) => `${code} !== undefined`)
  const result = emitter.fresh()
  emitter.line(`let ${result} = false;`)
  const same = wanted ? (present[0] ?? 'true') : 'false'
  emitter.line(`if (${a.code} === ${b.code}) ${result} = ${same}; else {`)
  // Two objects are compared member by member, which is counted.
  if ((a.types & b.types & OBJECT) !== 0)
    emitter.line(
      `if (typeof ${a.code} === 'object' && typeof ${b.code} === 'object' && ${a.code} !== null && ${b.code} !== null) ${ask}`,
    )
  if (!wanted) emitter.line(`${result} = ${present.length === 0 ? 'true' : present.join(' && ')};`)
  emitter.line('}')
  return { code: result, types: BOOLEAN }
}

/** What is in both and ordered; a test that the values are of that type, but for what is known. */
const both = (a: Emitted, b: Emitted, type: number, name: string): string | undefined => {
  if ((a.types & b.types & type) === 0) return undefined
  const tests = [a, b].filter(({ types }) => types !== type).map(({ code }) => `typeof ${code} === '${name}'`)
  return tests.length === 0 ? 'true' : tests.join(' && ')
}

const ordered = (code: string): string =>
  `(${code} === undefined || typeof ${code} === 'number' || typeof ${code} === 'string')`

const mayBeNothing = ({ types }: Emitted): boolean => (types & NOTHING) !== 0

/** When one side is nothing and the other could be compared, so that the result is nothing too. */
function nothing(a: Emitted, b: Emitted, fits: (code: string) => string, known: number): string | undefined {
  const cases = [
    [a, b],
    [b, a],
  ].flatMap(([one, other]) => {
    if (one === undefined || other === undefined || !mayBeNothing(one)) return []
    const isNothing = `${one.code} === undefined`
    return (other.types & ~known) === 0 ? [isNothing] : [`${isNothing} && ${fits(other.code)}`]
  })
  return cases.length === 0 ? undefined : cases.map((test) => `(${test})`).join(' || ')
}

function emitOrder(generator: Generator, { operator, left, right }: Binary): Emitted {
  const { emitter, ask } = generator
  const a = generator.value(left)
  const b = generator.value(right)
  const result = emitter.fresh()
  const numbers = both(a, b, NUMBER, 'number')
  const texts = both(a, b, TEXT, 'string')
  const comparable = [numbers, texts].filter((test) => test !== undefined)
  if (comparable.length === 0) return outside()
  emitter.line(`let ${result};`)
  const compare = `${result} = ${a.code} ${operator} ${b.code};`
  const absent = nothing(a, b, ordered, NUMBER | TEXT | NOTHING)
  for (const test of comparable) emitter.line(`if (${test}) ${compare} else`)
  emitter.line(absent === undefined ? ask : `if (!(${absent})) ${ask}`)
  return { code: result, types: absent === undefined ? BOOLEAN : BOOLEAN | NOTHING }
}

const finite = (code: string): string => `typeof ${code} === 'number' && ${code} - ${code} === 0`

function emitArithmetic(generator: Generator, { operator, left, right }: Binary): Emitted {
  const { emitter, ask } = generator
  const a = generator.value(left)
  const b = generator.value(right)
  if ((a.types & b.types & NUMBER) === 0) return outside()
  const result = emitter.fresh()
  const constant = (node: Ast): boolean => constantOf(unwrapped(node)) !== undefined
  const tests = [...(constant(left) ? [] : [finite(a.code)]), ...(constant(right) ? [] : [finite(b.code)])]
  const absent = nothing(a, b, (code) => `(${code} === undefined || ${finite(code)})`, NOTHING)
  emitter.line(`let ${result};`)
  emitter.line(
    `if (${tests.length === 0 ? 'true' : tests.join(' && ')}) ${result} = ${a.code} ${operator} ${b.code}; else`,
  )
  emitter.line(absent === undefined ? ask : `if (!(${absent})) ${ask}`)
  return { code: result, types: absent === undefined ? NUMBER : NUMBER | NOTHING }
}
