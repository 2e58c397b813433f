import type { Ast } from '../ast.ts'
import { constantOf, type NamedCall } from '../shapes.ts'
import { BOOLEAN, type Emitted, NOTHING, outside } from './emitter.ts'
import { emitFold } from './folds.ts'
import type { Generator } from './generator.ts'
import { emitCase, emitContains, emitLength, emitSubstring } from './texts.ts'

type Emit = (generator: Generator, node: Ast, call: NamedCall) => Emitted

const CALLS: Readonly<Record<string, { readonly parameters: number; readonly emit: Emit }>> = {
  exists: { parameters: 1, emit: emitExists },
  not: { parameters: 1, emit: emitNot },
  in_list: { parameters: 2, emit: emitInList },
  contains: { parameters: 2, emit: emitContains },
  lowercase: { parameters: 1, emit: emitCase },
  uppercase: { parameters: 1, emit: emitCase },
  substring: { parameters: 3, emit: emitSubstring },
  length: { parameters: 1, emit: emitLength },
}

export function emitCall(generator: Generator, node: Ast, call: NamedCall): Emitted {
  const known = Object.hasOwn(CALLS, call.name) ? CALLS[call.name] : undefined
  if (known === undefined) return emitFold(generator, call)
  return known.parameters === call.args.length ? known.emit(generator, node, call) : outside()
}

function emitExists(generator: Generator, _node: Ast, { args }: NamedCall): Emitted {
  const [arg] = args
  return arg === undefined
    ? outside()
    : generator.emitter.local(`${generator.value(arg).code} !== undefined`, BOOLEAN)
}

function emitNot(generator: Generator, _node: Ast, { args }: NamedCall): Emitted {
  const [arg] = args
  if (arg === undefined) return outside()
  const { emitter } = generator
  const found = generator.value(arg)
  if ((found.types & NOTHING) === 0) return emitter.local(`!(${generator.truthOf(found)})`, BOOLEAN)
  const truth = generator.truthOf(found)
  return emitter.local(`${found.code} === undefined ? undefined : !(${truth})`, BOOLEAN | NOTHING)
}

function emitInList(generator: Generator, _node: Ast, { args }: NamedCall): Emitted {
  const [list, arg] = args
  const name = list === undefined ? undefined : constantOf(list)?.value
  if (typeof name !== 'string' || arg === undefined) return outside()
  const { emitter } = generator
  const { code } = generator.value(arg)
  return emitter.local(`${code} !== undefined && f.lists.has(${emitter.constant(name)}, ${code})`, BOOLEAN)
}
