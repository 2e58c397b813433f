import { Failure } from './failure.ts'
import { chargeRounds } from './run.ts'
import { isFunction } from './values.ts'

interface Parameter {
  readonly type: string
  /** Character class of the argument kinds that fit; `m` (missing) fits nearly everywhere. */
  fits: string
  /** `?` and `+` as written, and `?` for `-`. */
  count: string
  context: boolean
  of: string | undefined
}

const ANY = 'asnblfom'
const FITS: Readonly<Record<string, string>> = {
  s: 'sm',
  n: 'nm',
  b: 'bm',
  l: 'lm',
  o: 'om',
  a: ANY,
  f: 'f',
  j: 'asnblom',
  x: ANY,
}

export const SIGNATURE_PARAMETERS_MAX = 12

function closing(text: string, start: number, open: string, close: string): number {
  let depth = 1
  let at = start
  while (++at < text.length) {
    const character = text.charAt(at)
    if (character === close && --depth === 0) break
    if (character === open) depth++
  }
  return at
}

/** One letter for what an argument is. */
export function kindLetter(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 's'
    case 'number':
      return 'n'
    case 'boolean':
      return 'b'
    case 'object':
      if (value === null) return 'l'
      if (Array.isArray(value)) return 'a'
      return isFunction(value) ? 'f' : 'o'
    default:
      return 'm'
  }
}

/** The types of a function's arguments, as in `<s-nn?:s>`: checks them, fills in the value at hand, wraps what must be an array. */
export class Signature {
  readonly #parameters: readonly Parameter[]
  readonly #whole: RegExp
  readonly #prefixes: readonly RegExp[]

  constructor(definition: string) {
    const parameters = parseParameters(definition)
    const group = ({ fits, count }: Parameter) => `([${fits}]${count})`
    this.#parameters = parameters
    this.#whole = new RegExp(`^${parameters.map(group).join('')}$`)
    this.#prefixes = parameters.map(
      (_, i) =>
        new RegExp(
          `^${parameters
            .slice(0, i + 1)
            .map(group)
            .join('')}`,
        ),
    )
  }

  validate(args: readonly unknown[], context: unknown): readonly unknown[] {
    let letters = ''
    for (const arg of args) letters += kindLetter(arg)
    const match = this.#whole.exec(letters)
    if (match === null) throw this.#mismatch(args, letters)
    const result: unknown[] = []
    let next = 0
    for (let i = 0; i < this.#parameters.length; i++) {
      const parameter = this.#parameters[i] as Parameter
      const matched = match[i + 1] ?? ''
      if (matched === '') {
        if (parameter.context) result.push(contextArgument(parameter, context, next + 1))
        else result.push(args[next++])
        continue
      }
      for (const letter of matched) {
        const arg = args[next++]
        result.push(parameter.type === 'a' ? arrayArgument(parameter, letter, matched, arg, next) : arg)
      }
    }
    return result
  }

  #mismatch(args: readonly unknown[], letters: string): Failure {
    let good = 0
    for (const prefix of this.#prefixes) {
      const match = prefix.exec(letters)
      if (match === null) break
      good = match[0].length
    }
    return new Failure('T0410', { value: args[good], index: good + 1 })
  }
}

function parseParameters(definition: string): readonly Parameter[] {
  const parameters: Parameter[] = []
  for (let at = 1; at < definition.length; at++) {
    const letter = definition.charAt(at)
    if (letter === ':') break
    const last = parameters.at(-1)
    if (letter === '-' && last !== undefined) {
      last.context = true
      last.count = '?'
    } else if ((letter === '?' || letter === '+') && last !== undefined) last.count = letter
    else if (letter === '(') {
      const end = closing(definition, at, '(', ')')
      const choice = definition.slice(at + 1, end).replace(/[^asnblfojxm]/g, '')
      parameters.push({ type: `(${choice})`, fits: `${choice}m`, count: '', context: false, of: undefined })
      at = end
    } else if (letter === '<' && last !== undefined) {
      const end = closing(definition, at, '<', '>')
      last.of = definition.slice(at + 1, end)
      at = end
    } else {
      const fits = FITS[letter]
      if (fits !== undefined)
        parameters.push({ type: letter, fits, count: '', context: false, of: undefined })
    }
  }
  return parameters.slice(0, SIGNATURE_PARAMETERS_MAX)
}

function contextArgument(parameter: Parameter, context: unknown, index: number): unknown {
  if (parameter.fits.includes(kindLetter(context))) return context
  throw new Failure('T0411', { value: context, index })
}

function arrayArgument(
  parameter: Parameter,
  letter: string,
  matched: string,
  arg: unknown,
  index: number,
): unknown {
  if (letter === 'm') return undefined
  if (parameter.of !== undefined) {
    const fits = letter === 'a' ? allOf(arg as readonly unknown[], parameter.of) : matched === parameter.of
    if (!fits) throw new Failure('T0412', { value: arg, index })
  }
  return letter === 'a' ? arg : [arg]
}

function allOf(values: readonly unknown[], of: string): boolean {
  chargeRounds(values.length)
  const wanted = of.charAt(0)
  for (const value of values) if (kindLetter(value) !== wanted) return false
  return true
}
