import { Failure } from '../failure.ts'
import { chargeSteps, chargeText } from '../run.ts'
import { type Callable, isFunction, Sequence } from '../values.ts'
import type { Library } from './aggregates.ts'

/** What a pattern returns for one match; users may write functions that return such. */
interface Match {
  readonly match: string
  readonly start: number
  readonly end: number
  readonly groups: readonly string[]
  readonly next: unknown
}

function checked(value: unknown): Match | undefined {
  if (value === undefined || value === null || value === false || value === '' || value === 0)
    return value as undefined
  const match = value as Match
  if (
    typeof match.start === 'number' ||
    (match.end as unknown) === 'number' ||
    Array.isArray(match.groups) ||
    isFunction(match.next)
  )
    return match
  throw new Failure('T1010')
}

const first = (pattern: Callable, text: string): Match | undefined => {
  chargeSteps(1)
  return checked(pattern.call([text], undefined))
}

function following(match: Match): Match | undefined {
  chargeSteps(1)
  if (!isFunction(match.next)) throw new Failure('T1006')
  return checked(match.next.call([], undefined))
}

export function contains(text: unknown, token: unknown): boolean | undefined {
  if (text === undefined || token === undefined) return undefined
  if (typeof token === 'string') return (text as string).includes(token)
  return first(token as Callable, text as string) !== undefined
}

function match(text: string, pattern: Callable, limit: number | undefined): unknown {
  if (limit !== undefined && limit < 0) throw new Failure('D3040', { value: limit, index: 3 })
  const result = new Sequence()
  if (limit !== undefined && !(limit > 0)) return result
  let found = first(pattern, text)
  while (found !== undefined && (limit === undefined || result.length < limit)) {
    result.add({ match: found.match, index: found.start, groups: found.groups })
    found = following(found)
  }
  return result
}

/** `$1` is a group, `$0` the whole match, `$$` a dollar sign. */
function substituted(template: string, match: Match): string {
  const groups = match.groups
  const digitsMax = groups.length === 0 ? 1 : Math.floor(Math.log(groups.length) * Math.LOG10E) + 1
  let result = ''
  let position = 0
  let dollar = template.indexOf('$')
  while (dollar !== -1 && position < template.length) {
    result += template.slice(position, dollar)
    position = dollar + 1
    const next = template.charAt(position)
    if (next === '$' || next === '0') {
      result += next === '$' ? '$' : match.match
      position++
    } else {
      let index = Number.parseInt(template.slice(position, position + digitsMax), 10)
      if (digitsMax > 1 && index > groups.length)
        index = Number.parseInt(template.slice(position, position + digitsMax - 1), 10)
      if (Number.isNaN(index)) result += '$'
      else {
        result += groups[index - 1] ?? ''
        position += index.toString().length
      }
    }
    dollar = template.indexOf('$', position)
  }
  return result + template.slice(position)
}

function replacement(by: unknown, match: Match): string {
  const text = typeof by === 'string' ? substituted(by, match) : (by as Callable).call([match], undefined)
  if (typeof text !== 'string') throw new Failure('D3012', { value: text })
  return text
}

function replace(text: string, pattern: unknown, by: unknown, limit: number | undefined): string {
  if (pattern === '') throw new Failure('D3010', { value: pattern, index: 2 })
  if (limit !== undefined && limit < 0) throw new Failure('D3011', { value: limit, index: 4 })
  if (limit !== undefined && !(limit > 0)) return text
  const most = limit ?? Number.POSITIVE_INFINITY
  let result = ''
  let position = 0
  let count = 0
  const add = (piece: string): void => {
    chargeText(piece.length)
    result += piece
    chargeText(0)
    if (result.length > 0 && count % 64 === 0) chargeText(result.length)
  }
  if (typeof pattern === 'string') {
    let at = text.indexOf(pattern)
    while (at !== -1 && count < most) {
      chargeSteps(1)
      add(text.slice(position, at))
      add(String(by))
      position = at + pattern.length
      count++
      at = text.indexOf(pattern, position)
    }
  } else {
    let found = first(pattern as Callable, text)
    if (found === undefined) return text
    while (found !== undefined && count < most) {
      add(text.slice(position, found.start))
      add(replacement(by, found))
      position = found.start + found.match.length
      count++
      found = following(found)
    }
  }
  add(text.slice(position))
  return result
}

function split(text: string, separator: unknown, limit: number | undefined): unknown {
  if (limit !== undefined && limit < 0) throw new Failure('D3020', { value: limit, index: 3 })
  if (limit !== undefined && !(limit > 0)) return []
  chargeText(text.length)
  if (typeof separator === 'string') {
    const parts = text.split(separator, limit)
    chargeSteps(parts.length)
    return parts
  }
  const most = limit ?? Number.POSITIVE_INFINITY
  let found = first(separator as Callable, text)
  if (found === undefined) return [text]
  const result: string[] = []
  let start = 0
  while (found !== undefined && result.length < most) {
    result.push(text.slice(start, found.start))
    start = found.end
    found = following(found)
  }
  if (result.length < most) result.push(text.slice(start))
  return result
}

export const MATCHING: Library = {
  contains: ['<s-(sf):b>', 2, ([text, token]) => contains(text, token)],
  match: [
    '<s-f<s:o>n?:a<o>>',
    3,
    ([text, pattern, limit]) =>
      text === undefined
        ? undefined
        : match(text as string, pattern as Callable, limit as number | undefined),
  ],
  replace: [
    '<s-(sf)(sf)n?:s>',
    4,
    ([text, pattern, by, limit]) =>
      text === undefined ? undefined : replace(text as string, pattern, by, limit as number | undefined),
  ],
  split: [
    '<s-(sf)n?:a<s>>',
    3,
    ([text, separator, limit]) =>
      text === undefined ? undefined : split(text as string, separator, limit as number | undefined),
  ],
}
