import { type DurationMs, durationMs, nearest } from '../model/index.ts'
import { DURATION_MAX_MS, parseIsoDuration, UNIT_WORDS, unitMs, unitSpellings } from './duration.ts'
import type { Token } from './scan.ts'
import { refuse } from './sentence-trouble.ts'
import type { TokenCursor } from './token-cursor.ts'

export interface Count {
  readonly min: number
  readonly max?: number
}

/** `at least 3`, `exactly 3`, `between 2 and 5`, `one or more`; undefined when none of them stands here. */
export function readCounts(cursor: TokenCursor): Count | undefined {
  const token = cursor.token
  if (cursor.take('at')) {
    if (cursor.at('most')) {
      refuse(
        'sentence-syntax',
        cursor.token,
        'A count needs a lower end.',
        'write `between 1 and 5 x`, or `optional between 1 and 5 x`',
      )
    }
    cursor.expect('least')
    return { min: readCount(cursor) }
  }
  if (cursor.take('exactly')) {
    const count = readCount(cursor)
    return { min: count, max: count }
  }
  if (cursor.take('between')) {
    const min = readCount(cursor)
    cursor.expect('and')
    return { min, max: readCount(cursor) }
  }
  if (cursor.take('one')) {
    cursor.expect('or')
    cursor.expect('more')
    return { min: 1 }
  }
  if (token.kind === 'amount') {
    const hint = `write \`exactly ${token.text}\` or \`at least ${token.text}\``
    refuse(
      'sentence-syntax',
      token,
      `A bare number does not say whether more than ${token.text} are allowed.`,
      hint,
    )
  }
  return undefined
}

/** A whole number from 1. */
export function readCount(cursor: TokenCursor): number {
  const token = cursor.token
  const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
  const spelled = token.kind === 'word' ? words.indexOf(token.text.toLowerCase()) : -1
  if (spelled >= 0) refuse('bad-count', token, 'Counts are written in digits.', `write ${spelled}`)
  if (token.kind !== 'amount') cursor.unexpected(['<a count such as 3>'])
  if (!/^\d{1,9}$/.test(token.text)) {
    refuse('bad-count', token, `\`${token.text}\` is not a count.`, 'write a whole number such as 3')
  }
  const count = Number(token.text)
  if (count === 0) {
    refuse(
      'bad-count',
      token,
      'A step takes at least one event.',
      'write `optional` for a step that may be missing: `optional between 1 and 5 x`',
    )
  }
  cursor.next += 1
  return count
}

/** `5 minutes`, `5m`, `1h30m`, `PT5M`. */
export function readDuration(cursor: TokenCursor): DurationMs {
  const start = cursor.next
  const iso = cursor.token.kind === 'word' ? parseIsoDuration(cursor.token.text) : undefined
  let sum = iso ?? 0
  if (iso !== undefined) {
    cursor.next += 1
  } else {
    if (cursor.token.kind !== 'amount') refuseDuration(cursor)
    while (cursor.token.kind === 'amount') sum += readAmount(cursor)
  }
  const span = cursor.spanFrom(start)
  const whole = Math.round(sum)
  if (Math.abs(whole - sum) > 1e-6) {
    refuse(
      'bad-duration',
      span,
      'The duration is not a whole number of milliseconds.',
      'write it in a smaller unit',
    )
  }
  if (whole === 0)
    refuse('bad-duration', span, 'Nothing fits into a time of 0.', 'write for example `5 minutes`')
  if (whole > DURATION_MAX_MS) {
    refuse('bad-duration', span, 'The duration is longer than ten years.', 'write a shorter one')
  }
  return durationMs(whole)
}

function refuseDuration(cursor: TokenCursor): never {
  const { text } = cursor.token
  const hint = 'durations are `5 minutes`, `5m`, `1h30m` or `PT5M`'
  if (/^an?$|^one$/.test(text))
    refuse('bad-duration', cursor.token, `\`${text}\` is not a number.`, 'write `1`, as in `1 hour`')
  if (unitMs(text) !== undefined) {
    refuse('bad-duration', cursor.token, 'The number is missing.', `write \`1 ${text}\` or another number`)
  }
  const what =
    cursor.token.kind === 'end'
      ? 'The sentence ends where a duration is expected.'
      : `\`${text}\` is not a duration.`
  refuse('bad-duration', cursor.token, what, hint)
}

/** One amount with its units: `5 minutes`, or compact as in `1h30m`. */
function readAmount(cursor: TokenCursor): number {
  const token = cursor.token
  cursor.next += 1
  if (/^\d+(?:\.\d+)?$/.test(token.text)) {
    const unit = cursor.token
    const size = unit.kind === 'word' ? unitMs(unit.text) : undefined
    if (size === undefined) refuseUnit(cursor, unit, token)
    cursor.next += 1
    return Number(token.text) * size
  }
  let sum = 0
  let rest = token.text
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)([A-Za-z]+)/.exec(rest)
    const size = part ? unitMs(part[2] ?? '') : undefined
    if (!part || size === undefined) refuseUnit(cursor, { ...token, text: part?.[2] ?? rest }, token)
    sum += Number(part[1]) * size
    rest = rest.slice(part[0].length)
  }
  return sum
}

function refuseUnit(cursor: TokenCursor, unit: Token, amount: Token): never {
  const units = 'units are milliseconds, seconds, minutes, hours, days and weeks (ms, s, m, h, d, w)'
  const lower = unit.text.toLowerCase()
  if (lower.startsWith('month') || lower.startsWith('year')) {
    const hint = `write days: \`${lower.startsWith('year') ? 365 : 30} days\``
    refuse('bad-duration', unit, `A ${lower.replace(/s$/, '')} has no fixed length.`, hint)
  }
  if (unit.kind !== 'word' && unit === cursor.token) {
    refuse(
      'bad-duration',
      amount,
      `\`${amount.text}\` has no unit.`,
      `write for example \`${amount.text} minutes\`; ${units}`,
    )
  }
  const meant = nearest(unit.text, [...UNIT_WORDS, ...unitSpellings()])
  const hint = meant === undefined ? units : `did you mean \`${meant}\`?`
  refuse('bad-duration', unit, `\`${unit.text}\` is not a unit of time.`, hint)
}
