import { chargeSteps } from './run.ts'
import { Signature } from './signature.ts'
import { Callable } from './values.ts'

export type NativeBody = (args: readonly unknown[], input: unknown) => unknown

/** A function of the library. Stateless, shared by all expressions. */
export class Native extends Callable {
  readonly name: string
  readonly arity: number
  /** Parameters as partial application counts them. */
  readonly parameters: number
  readonly #signature: Signature | undefined
  readonly body: NativeBody
  /** Whether an argument that is left out is taken from the value at hand. */
  readonly readsContext: boolean

  constructor(
    name: string,
    signature: string | undefined,
    parameters: number,
    body: NativeBody,
    arity = parameters,
  ) {
    super()
    this.name = name
    this.arity = arity
    this.parameters = parameters
    this.#signature = signature === undefined ? undefined : new Signature(signature)
    this.body = body
    this.readsContext = signature?.includes('-') === true
  }

  call(args: readonly unknown[], input: unknown): unknown {
    chargeSteps(1)
    return this.body(this.#signature === undefined ? args : this.#signature.validate(args, input), input)
  }
}

/** A function made on the way: an argument of a function that takes functions, a regular expression, `next` of a match. */
export class Wrapped extends Callable {
  readonly arity: number
  readonly #body: NativeBody

  constructor(arity: number, body: NativeBody) {
    super()
    this.arity = arity
    this.#body = body
  }

  call(args: readonly unknown[], input: unknown): unknown {
    return this.#body(args, input)
  }
}
