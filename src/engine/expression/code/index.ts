import type { Ast } from '../ast.ts'
import { part } from '../ast.ts'
import { Environment } from '../environment.ts'
import { Failure } from '../failure.ts'
import { FUNCTIONS } from '../functions/index.ts'
import { linearRegex } from '../regex/engine.ts'
import { Matcher } from '../regex/matcher.ts'
import { run } from '../run.ts'
import { isTrue, lookup, Sequence, settle } from '../values.ts'
import { compileApply, compileCall, compileLambda, compilePartial } from './calls.ts'
import type { Code, Compiler } from './compiler.ts'
import { compileFilter, withFilters } from './filters.ts'
import { compileGroup } from './grouping.ts'
import { compileArray, compileBinary, compileNegation } from './operators.ts'
import { compilePath } from './paths.ts'
import { compileTransform } from './transforms.ts'
import { descendants, wildcard } from './wildcards.ts'

export type { Code } from './compiler.ts'

/** The names from outside the text. */
export interface Outside {
  /** Reads the name; undefined when there is no such name. */
  read(name: string): (() => unknown) | undefined
}

/** Every form of the language, as a closure. `bound` are the names that the text itself gives values to. */
export function compileCode(ast: Ast, bound: ReadonlySet<string>, outside: Outside): Code {
  const variable = (name: string): Code => compileVariable(name, bound, outside)
  const knows = (name: string): boolean =>
    bound.has(name) || FUNCTIONS.has(name) || outside.read(name) !== undefined
  const compiler: Compiler = { compile: (node) => compileNode(node, compiler), variable, knows }
  return compiler.compile(ast)
}

function compileVariable(name: string, bound: ReadonlySet<string>, outside: Outside): Code {
  if (name === '') return (input) => (input instanceof Sequence && input.outer ? input[0] : input)
  if (name === '$') return () => run.root
  const outer = outside.read(name)
  const func = FUNCTIONS.get(name)
  const fallback = outer ?? (() => func)
  if (!bound.has(name)) return fallback
  return (_input, environment) => {
    const value = environment.lookup(name)
    return value === undefined && !environment.has(name) ? fallback() : value
  }
}

function compileNode(node: Ast, compiler: Compiler): Code {
  let code = compileBare(node, compiler)
  if (node.predicate !== undefined)
    code = withFilters(
      code,
      node.predicate.map(({ expr }) => compileFilter(expr, compiler)),
    )
  if (node.type !== 'path' && node.group !== undefined) {
    const ungrouped = code
    const group = compileGroup(node.group, compiler)
    code = (input, environment) => group(ungrouped(input, environment), environment)
  }
  return counted(code, node.keepArray === true)
}

function counted(code: Code, keep: boolean): Code {
  return (input, environment) => {
    if (--run.depth < 0 || --run.steps < 0) throw new Failure('U1001')
    const result = code(input, environment)
    run.depth++
    if (!(result instanceof Sequence)) return result
    if (keep && !result.tuples) result.markKeep()
    return settle(result)
  }
}

function compileBare(node: Ast, compiler: Compiler): Code {
  switch (node.type) {
    case 'path':
      return compilePath(node, compiler)
    case 'binary':
      return compileBinary(node, compiler)
    case 'unary':
      return compileUnary(node, compiler)
    case 'name': {
      const name = node.value as string
      return (input) => lookup(input, name)
    }
    case 'string':
    case 'number':
    case 'value': {
      const { value } = node
      return () => value
    }
    case 'wildcard':
      return wildcard
    case 'descendant':
      return descendants
    case 'parent': {
      const label = node.slot?.label ?? ''
      return (_input, environment) => environment.lookup(label)
    }
    case 'condition':
      return compileCondition(node, compiler)
    case 'block':
      return compileBlock(node, compiler)
    case 'bind':
      return compileBind(node, compiler)
    case 'regex':
      return compileRegex(node)
    case 'function':
      return compileCall(node, compiler)
    case 'variable':
      return compiler.variable(node.value as string)
    case 'lambda':
      return compileLambda(node, compiler)
    case 'partial':
      return compilePartial(node, compiler)
    case 'apply':
      return compileApply(node, compiler)
    case 'transform':
      return compileTransform(node, compiler)
    default:
      return () => undefined
  }
}

function compileUnary(node: Ast, compiler: Compiler): Code {
  if (node.value === '-') return compileNegation(node, compiler)
  if (node.value === '[') return compileArray(node, compiler)
  const { lhs, position } = node as unknown as { lhs: ReadonlyArray<readonly [Ast, Ast]>; position?: number }
  return compileGroup({ lhs, ...(position === undefined ? {} : { position }) }, compiler)
}

function compileCondition(node: Ast, { compile }: Compiler): Code {
  const condition = compile(part(node.condition))
  const yes = compile(part(node.then))
  const no = node.else === undefined ? undefined : compile(node.else)
  return (input, environment) =>
    isTrue(condition(input, environment)) ? yes(input, environment) : no?.(input, environment)
}

function compileBlock(node: Ast, { compile }: Compiler): Code {
  const parts = (node.expressions ?? []).map((expression) => compile(expression))
  return (input, environment) => {
    const scope = new Environment(environment)
    let result: unknown
    for (let i = 0; i < parts.length; i++) result = parts[i]?.(input, scope)
    return result
  }
}

function compileBind(node: Ast, { compile }: Compiler): Code {
  const name = node.lhs?.value as string
  const code = compile(part(node.rhs))
  return (input, environment) => {
    const value = code(input, environment)
    environment.bind(name, value)
    return value
  }
}

function compileRegex(node: Ast): Code {
  const { source, flags } = node.value as RegExp
  const regex = linearRegex(source, flags)
  if (regex === undefined) throw new Failure('regex-unsupported', { value: source })
  const matcher = new Matcher(regex, source, node.position)
  return () => matcher
}
