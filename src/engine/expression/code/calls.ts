import { type Ast, part } from '../ast.ts'
import { Native, Wrapped } from '../callable.ts'
import { Environment } from '../environment.ts'
import { Failure } from '../failure.ts'
import { enter, run } from '../run.ts'
import { Signature } from '../signature.ts'
import { Callable, isFunction } from '../values.ts'
import type { Code, Compiler } from './compiler.ts'

/** A call in tail position, handed to the caller instead of being made: recursion in tail position needs no depth. */
interface TailCall {
  readonly procedure: Code
  readonly args: readonly Code[]
  readonly token: string | undefined
  readonly position: number | undefined
}

interface LambdaDefinition {
  readonly parameters: readonly string[]
  readonly body: Code | undefined
  readonly signature: Signature | undefined
  readonly tail: TailCall | undefined
}

/** A function of the text, with the variables and the value at hand of where it stands. */
export class Lambda extends Callable {
  readonly definition: LambdaDefinition
  readonly environment: Environment
  readonly input: unknown
  /** Where it was last called, for errors that come out of it. */
  token: string | undefined
  position: number | undefined

  constructor(definition: LambdaDefinition, environment: Environment, input: unknown) {
    super()
    this.definition = definition
    this.environment = environment
    this.input = input
  }

  get arity(): number {
    return this.definition.parameters.length
  }

  call(args: readonly unknown[], _input: unknown): unknown {
    return apply(this, args, this.input)
  }

  invoke(args: readonly unknown[], input: unknown): unknown {
    const { signature, parameters, body } = this.definition
    const checked = signature === undefined ? args : signature.validate(args, input)
    const scope = new Environment(this.environment)
    for (let i = 0; i < parameters.length; i++) scope.bind(parameters[i] as string, checked[i])
    return body?.(this.input, scope)
  }
}

function applyOnce(
  callee: unknown,
  args: readonly unknown[],
  input: unknown,
  token: string | undefined,
  position: number | undefined,
): unknown {
  try {
    if (callee instanceof Lambda) return callee.invoke(args, input)
    if (callee instanceof Callable) return callee.call(args, input)
    throw new Failure('T1006')
  } catch (error) {
    if (error instanceof Failure && isFunction(callee)) {
      error.token ??= callee instanceof Lambda ? callee.token : token
      error.position = (callee instanceof Lambda ? callee.position : position) || error.position
    }
    throw error
  }
}

/** Calls a function, and the tail calls it returns. `token` and `position` say where a library function was called. */
export function apply(
  callee: unknown,
  args: readonly unknown[],
  input: unknown,
  token?: string | undefined,
  position?: number | undefined,
): unknown {
  let result = applyOnce(callee, args, input, token, position)
  while (result instanceof Lambda && result.definition.tail !== undefined) {
    const { tail } = result.definition
    enter()
    run.depth++
    const { input: here, environment } = result
    const next = tail.procedure(here, environment)
    if (next instanceof Lambda) {
      if (tail.token !== undefined) next.token = tail.token
      next.position = tail.position
    }
    const values = tail.args.map((arg) => arg(here, environment))
    result = applyOnce(next, values, input, tail.token, tail.position)
  }
  return result
}

const nameOf = (procedure: Ast): string | undefined =>
  (procedure.type === 'path' ? procedure.steps?.[0]?.value : procedure.value) as string | undefined

const at = (node: Ast): { position?: number } =>
  node.position === undefined ? {} : { position: node.position }

/** A bare name called like a function, where `$name` would be one. */
function missesDollar(node: Ast, { knows }: Compiler): string | undefined {
  const procedure = part(node.procedure)
  const name = nameOf(procedure)
  return procedure.type === 'path' && name !== undefined && knows(name) ? name : undefined
}

/** Functions as arguments are wrapped: the receiver calls them without a value at hand. */
function asArgument(value: unknown): unknown {
  return isFunction(value) ? new Wrapped(value.arity, (args) => apply(value, args, null)) : value
}

/** `context`: the left side of `~>`, which becomes the first argument. */
export function compileCall(
  node: Ast,
  compiler: Compiler,
): (input: unknown, environment: Environment, context?: { readonly value: unknown }) => unknown {
  const procedure = compiler.compile(part(node.procedure))
  const args = (node.arguments ?? []).map((arg) => compiler.compile(arg))
  const forgotten = missesDollar(node, compiler)
  const token = nameOf(part(node.procedure))
  const { position } = node
  return (input, environment, context) => {
    const callee = procedure(input, environment)
    if (callee === undefined && forgotten !== undefined)
      throw new Failure('T1005', { ...at(node), token: forgotten })
    const values: unknown[] = context === undefined ? [] : [context.value]
    for (let i = 0; i < args.length; i++) values.push(asArgument(args[i]?.(input, environment)))
    try {
      if (callee instanceof Lambda) {
        callee.token = token
        callee.position = position
      }
      return apply(callee, values, input, token, position)
    } catch (error) {
      if (error instanceof Failure) {
        error.position ||= position
        error.token ||= token
      }
      throw error
    }
  }
}

export function compileLambda(node: Ast, { compile }: Compiler): Code {
  const body = part(node.body)
  const definition: LambdaDefinition = {
    parameters: (node.arguments ?? []).map((parameter) => parameter.value as string),
    signature: node.signature === undefined ? undefined : new Signature(node.signature.definition),
    body: node.thunk === true ? undefined : compile(body),
    tail:
      node.thunk === true
        ? {
            procedure: compile(part(body.procedure)),
            args: (body.arguments ?? []).map((arg) => compile(arg)),
            token: body.procedure?.type === 'variable' ? (body.procedure.value as string) : undefined,
            position: body.procedure?.position,
          }
        : undefined,
  }
  return (input, environment) => new Lambda(definition, environment, input)
}

/** `$f(?, 2)`. */
export function compilePartial(node: Ast, compiler: Compiler): Code {
  const args = (node.arguments ?? []).map((arg) =>
    arg.type === 'operator' && arg.value === '?' ? undefined : compiler.compile(arg),
  )
  const procedure = compiler.compile(part(node.procedure))
  const forgotten = missesDollar(node, compiler)
  return (input, environment) => {
    const values = args.map((arg) => arg?.(input, environment))
    const callee = procedure(input, environment)
    if (callee === undefined && forgotten !== undefined)
      throw new Failure('T1007', { ...at(node), token: forgotten })
    if (callee instanceof Lambda) return partialLambda(callee, args, values)
    if (!isFunction(callee))
      throw new Failure('T1008', { ...at(node), token: nameOf(part(node.procedure)) ?? '' })
    return partialNative(callee, args, values)
  }
}

function partialLambda(
  callee: Lambda,
  args: readonly (Code | undefined)[],
  values: readonly unknown[],
): Lambda {
  const scope = new Environment(callee.environment)
  const open: string[] = []
  callee.definition.parameters.forEach((name, i) => {
    if (i < args.length && args[i] === undefined) open.push(name)
    else scope.bind(name, values[i])
  })
  return new Lambda({ ...callee.definition, parameters: open, signature: undefined }, scope, callee.input)
}

/** Arguments go to the function as they are: its signature is not asked again. */
function partialNative(
  callee: Callable,
  args: readonly (Code | undefined)[],
  values: readonly unknown[],
): Callable {
  const count = callee instanceof Native ? callee.parameters : Math.max(callee.arity, 1)
  const open: number[] = []
  for (let i = 0; i < count; i++) if (i < args.length && args[i] === undefined) open.push(i)
  return new Wrapped(open.length, (given) => {
    const all = values.slice(0, count)
    while (all.length < count) all.push(undefined)
    open.forEach((index, i) => {
      all[index] = given[i]
    })
    return callee instanceof Native ? callee.body(all, undefined) : callee.call(all, undefined)
  })
}

/** `left ~> right`: a call with one more argument, a call, or the two functions one after the other. */
export function compileApply(node: Ast, compiler: Compiler): Code {
  const left = compiler.compile(part(node.lhs))
  const right = part(node.rhs)
  if (right.type === 'function') {
    const call = compileCall(right, compiler)
    return (input, environment) => call(input, environment, { value: left(input, environment) })
  }
  const target = compiler.compile(right)
  return (input, environment) => {
    const value = left(input, environment)
    const func = target(input, environment)
    if (!isFunction(func)) throw new Failure('T2006', { ...at(node), value: func })
    if (!isFunction(value)) return apply(func, [value], null)
    return new Wrapped(1, (args) =>
      apply(func, [asArgument(apply(value, [asArgument(args[0])], null))], null),
    )
  }
}
