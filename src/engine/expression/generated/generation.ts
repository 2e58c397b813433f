import type { Ast } from '../ast.ts'
import { binary, constantOf, namedCall, namePath, unwrapped } from '../shapes.ts'
import { emitCall } from './calls.ts'
import { BOOLEAN, type Emitted, type Emitter, NOTHING, NUMBER, OBJECT, outside, TEXT } from './emitter.ts'
import { emitNamePath } from './fields.ts'
import type { Generator, Step } from './generator.ts'
import { emitOperator } from './operators.ts'

/** Emits nodes into one function. */
export class Generation implements Generator {
  readonly emitter: Emitter
  readonly ask: string
  readonly #steps: ReadonlyMap<string, Step>

  constructor(emitter: Emitter, ask: string, steps: ReadonlyMap<string, Step>) {
    this.emitter = emitter
    this.ask = ask
    this.#steps = steps
  }

  step(name: string): Step | undefined {
    return this.#steps.get(name)
  }

  value(ast: Ast): Emitted {
    const node = unwrapped(ast)
    const constant = constantOf(node)
    if (constant !== undefined) return this.emitter.scalar(constant.value)
    const path = namePath(node)
    if (path !== undefined) return emitNamePath(this, path)
    const operation = binary(node)
    if (operation !== undefined) return emitOperator(this, operation)
    const call = namedCall(node)
    return call === undefined ? outside() : emitCall(this, node, call)
  }

  truth(node: Ast): string {
    return this.truthOf(this.value(node))
  }

  truthOf({ code, types }: Emitted): string {
    if (types === BOOLEAN) return code
    if ((types | NOTHING | BOOLEAN) === (NOTHING | BOOLEAN)) return `${code} === true`
    const { emitter, ask } = this
    const result = emitter.fresh()
    emitter.line(`let ${result} = ${(types & BOOLEAN) === 0 ? 'false' : `${code} === true`};`)
    if ((types & TEXT) !== 0) emitter.line(`if (typeof ${code} === 'string') ${result} = ${code} !== '';`)
    if ((types & NUMBER) !== 0)
      emitter.line(
        `if (typeof ${code} === 'number') { if (${code} - ${code} === 0) ${result} = ${code} !== 0; else if (${code} === ${code}) ${ask} }`,
      )
    if ((types & OBJECT) !== 0) emitter.line(`if (typeof ${code} === 'object' && ${code} !== null) ${ask}`)
    return result
  }
}
