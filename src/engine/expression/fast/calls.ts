import type { Ast } from '../ast.ts'
import { Failure } from '../failure.ts'
import { FUNCTIONS } from '../functions/index.ts'
import { linearRegex } from '../regex/engine.ts'
import { constantOf, type NamedCall } from '../shapes.ts'
import { isFunction, isTrue, settle } from '../values.ts'
import { compileAggregate } from './aggregates.ts'
import type { FastCode, FastCompiler } from './fast-code.ts'

type Special = (node: Ast, args: readonly Ast[], compiler: FastCompiler) => FastCode | undefined

/** Texts up to this length are searched without counting. */
const UNCOUNTED_MAX = 4_096

/** Comparisons that a regular expression may make without counting. */
const COMPARISONS_MAX = 16_384

/** Quick where the argument is a short text; the general closures know everything else, errors too. */
function onText(
  node: Ast,
  arg: Ast,
  compiler: FastCompiler,
  answer: (text: string) => unknown,
  lengthMax = UNCOUNTED_MAX,
): FastCode {
  const value = compiler.value(arg)
  const general = compiler.general(node)
  return (data, frame) => {
    const text = value(data, frame)
    if (typeof text === 'string' && text.length <= lengthMax) return answer(text)
    return general(data, frame)
  }
}

const contains: Special = (node, [text, token], compiler) => {
  if (text === undefined || token === undefined) return undefined
  if (token.type === 'regex' && token.predicate === undefined) {
    const { source, flags } = token.value as RegExp
    const regex = linearRegex(source, flags)
    if (regex === undefined) return undefined
    const lengthMax = Math.floor(COMPARISONS_MAX / regex.cost)
    return onText(node, text, compiler, (found) => regex.test(found), lengthMax)
  }
  const wanted = constantOf(token)?.value
  return typeof wanted === 'string'
    ? onText(node, text, compiler, (found) => found.includes(wanted))
    : undefined
}

const ASCII = /^[\0-\x7f]*$/

/** Characters are code points; a text of plain ASCII has one per unit. */
const substring: Special = (node, [text, from, length], compiler) => {
  if (text === undefined || from === undefined || length === undefined) return undefined
  const start = constantOf(from)?.value
  const count = constantOf(length)?.value
  if (!Number.isInteger(start) || !Number.isInteger(count) || (start as number) < 0 || (count as number) < 1)
    return undefined
  const end = (start as number) + (count as number)
  const value = compiler.value(text)
  const general = compiler.general(node)
  return (data, frame) => {
    const found = value(data, frame)
    if (typeof found !== 'string') return general(data, frame)
    // Only what stands before the end decides how units and characters relate.
    const head = found.slice(0, end)
    return ASCII.test(head) ? head.slice(start as number) : general(data, frame)
  }
}

const SPECIAL: Readonly<Record<string, Special>> = {
  exists: (_node, [arg], compiler) => {
    if (arg === undefined) return undefined
    const value = compiler.value(arg)
    return (data, frame) => value(data, frame) !== undefined
  },
  not: (_node, [arg], compiler) => {
    if (arg === undefined) return undefined
    const value = compiler.value(arg)
    return (data, frame) => {
      const found = value(data, frame)
      return found === undefined ? undefined : !isTrue(found)
    }
  },
  in_list: (_node, [list, arg], compiler) => {
    const name = list === undefined ? undefined : constantOf(list)?.value
    if (typeof name !== 'string' || arg === undefined) return undefined
    const value = compiler.value(arg)
    return (data, frame) => {
      const found = value(data, frame)
      return found !== undefined && frame.lists.has(name, found)
    }
  },
  contains,
  substring,
  lowercase: (node, [arg], compiler) =>
    arg === undefined ? undefined : onText(node, arg, compiler, (text) => text.toLowerCase()),
  uppercase: (node, [arg], compiler) =>
    arg === undefined ? undefined : onText(node, arg, compiler, (text) => text.toUpperCase()),
}

const PARAMETERS: Readonly<Record<string, number>> = {
  exists: 1,
  not: 1,
  in_list: 2,
  contains: 2,
  substring: 3,
  lowercase: 1,
  uppercase: 1,
}

export function compileFastCall(node: Ast, call: NamedCall, compiler: FastCompiler): FastCode | undefined {
  const aggregate = compileAggregate(node, call, compiler)
  if (aggregate !== undefined) return aggregate
  const special =
    PARAMETERS[call.name] === call.args.length ? SPECIAL[call.name]?.(node, call.args, compiler) : undefined
  return special ?? compileNativeCall(node, call, compiler)
}

/** Any other library function, on arguments that come by the fast path. */
function compileNativeCall(
  node: Ast,
  { name, args }: NamedCall,
  compiler: FastCompiler,
): FastCode | undefined {
  const native = FUNCTIONS.get(name)
  if (native === undefined) return undefined
  const values = args.map((arg) => compiler.value(arg))
  const general = compiler.general(node)
  return (data, frame) => {
    const given: unknown[] = []
    for (let i = 0; i < values.length; i++) {
      const value = values[i]?.(data, frame)
      if (isFunction(value)) return general(data, frame)
      given.push(value)
    }
    compiler.begin(frame)
    try {
      return settle(native.call(given, data))
    } catch (error) {
      if (error instanceof Failure) {
        error.token ??= name
        error.position = node.position || error.position
      }
      throw error
    }
  }
}
