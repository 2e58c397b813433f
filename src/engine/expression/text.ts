import { Failure } from './failure.ts'
import { chargeText, run } from './run.ts'
import { enterValue, isFunction, isNumber, leaveValue, Sequence } from './values.ts'

/** JSON as the language writes it: numbers with 15 digits, functions as empty texts. */
export function textOf(value: unknown, pretty = false): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return value
  if (isFunction(value)) return ''
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Failure('D3001', { value })
  const inner = value instanceof Sequence && value.outer ? value[0] : value
  return written(inner, pretty ? '\n' : '')
}

function written(value: unknown, indent: string): string {
  const text = piece(value, indent)
  run.size -= text.length >> 3
  if (run.size < 0) throw new Failure('U1002')
  return text
}

function piece(value: unknown, indent: string): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return numberText(value)
  if (value === null || value === undefined) return 'null'
  if (typeof value !== 'object') return String(value)
  if (isFunction(value)) return '""'
  enterValue()
  const text = Array.isArray(value) ? arrayText(value, indent) : objectText(value, indent)
  leaveValue()
  if (text.length > run.limits.text) chargeText(text.length)
  return text
}

function numberText(value: number): string {
  if (!isNumber(value)) return 'null'
  return String(Number.isInteger(value) ? (value === 0 ? 0 : value) : Number(value.toPrecision(15)))
}

function arrayText(value: readonly unknown[], indent: string): string {
  const inner = indent === '' ? '' : `${indent}  `
  const parts: string[] = []
  for (let i = 0; i < value.length; i++) parts.push(written(value[i], inner))
  if (parts.length === 0) return '[]'
  return `[${inner}${parts.join(`,${inner}`)}${indent}]`
}

function objectText(value: object, indent: string): string {
  const inner = indent === '' ? '' : `${indent}  `
  const colon = indent === '' ? ':' : ': '
  const parts: string[] = []
  for (const [name, member] of Object.entries(value))
    if (member !== undefined) parts.push(`${JSON.stringify(name)}${colon}${written(member, inner)}`)
  if (parts.length === 0) return '{}'
  return `{${inner}${parts.join(`,${inner}`)}${indent}}`
}

/** The `&` operator: what is nothing adds nothing. */
export function concatenate(left: unknown, right: unknown): string {
  const first = typeof left === 'string' ? left : (textOf(left) ?? '')
  const second = typeof right === 'string' ? right : (textOf(right) ?? '')
  chargeText(first.length + second.length)
  return first + second
}
