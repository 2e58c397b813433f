import type { ExpressionError } from '../model/index.ts'
import { messageOf } from './messages.ts'

/** What an evaluation throws inside this folder; never leaves it. Not an Error: a stack trace would cost more than the evaluation. */
export class Failure {
  readonly code: string
  position: number | undefined
  token: string | undefined
  readonly value: unknown
  readonly value2: unknown
  readonly index: number | undefined
  readonly text: string | undefined

  constructor(
    code: string,
    details: {
      position?: number
      token?: string
      value?: unknown
      value2?: unknown
      index?: number
      text?: string
    } = {},
  ) {
    this.code = code
    this.position = details.position
    this.token = details.token
    this.value = details.value
    this.value2 = details.value2
    this.index = details.index
    this.text = details.text
  }

  toError(): ExpressionError {
    return {
      code: this.code,
      message: this.text ?? messageOf(this),
      ...(this.position === undefined ? {} : { position: this.position }),
      ...(this.token === undefined ? {} : { token: this.token }),
      ...(this.value === undefined ? {} : { value: this.value }),
    }
  }
}
