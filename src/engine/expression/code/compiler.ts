import type { Ast } from '../ast.ts'
import type { Environment } from '../environment.ts'

/** A compiled node: the value at hand and the variables in, a value out. Throws a Failure. */
export type Code = (input: unknown, environment: Environment) => unknown

/** What the parts of the compiler need of the whole. */
export interface Compiler {
  compile(node: Ast): Code
  /** Reads a variable by name, whatever it is: one of the text, a step, a function. */
  variable(name: string): Code
  /** Whether `$name` is something, for a hint when the dollar sign was forgotten. */
  knows(name: string): boolean
}
