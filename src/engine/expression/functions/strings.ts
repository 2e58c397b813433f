import { Failure } from '../failure.ts'
import { chargeSize, chargeSteps, chargeText, run } from '../run.ts'
import { textOf } from '../text.ts'
import type { Library } from './aggregates.ts'

/** Code points, not UTF-16 units. */
function characters(text: string): readonly string[] {
  chargeSize(text.length)
  return [...text]
}

export function lengthOf(text: string): number {
  chargeSteps(text.length >> 4)
  let length = text.length
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(i + 1)
    if (next >= 0xdc00 && next <= 0xdfff) {
      length--
      i++
    }
  }
  return length
}

export function substring(text: string, from: number, length: number | undefined): string {
  const all = characters(text)
  const start = all.length + from < 0 ? 0 : from
  if (length === undefined) return all.slice(start).join('')
  if (length <= 0) return ''
  const end = start >= 0 ? start + length : all.length + start + length
  return all.slice(start, end).join('')
}

function trim(text: string): string {
  chargeText(text.length)
  return text.replace(/[ \t\n\r]+/g, ' ').replace(/^ | $/g, '')
}

function pad(text: string, width: number, filler: string | undefined): string {
  const wanted = Math.trunc(width)
  const missing = Math.abs(wanted) - lengthOf(text)
  if (!(missing > 0)) return text
  if (missing > run.limits.text) throw new Failure('U1004', { value: run.limits.text })
  const unit = filler === undefined || filler === '' ? ' ' : filler
  chargeText(missing * 2 + text.length)
  const units = lengthOf(unit)
  let padding = unit.repeat(Math.ceil(missing / units))
  if (units > 1) padding = characters(padding).slice(0, missing).join('')
  return wanted > 0 ? text + padding : padding + text
}

function before(text: string, mark: string): string {
  const at = text.indexOf(mark)
  return at === -1 ? text : text.slice(0, at)
}

function after(text: string, mark: string): string {
  const at = text.indexOf(mark)
  return at === -1 ? text : text.slice(at + mark.length)
}

function join(texts: readonly string[], separator: string): string {
  let length = 0
  for (const text of texts) length += text.length + separator.length
  chargeText(length)
  return texts.join(separator)
}

function changed(text: string, change: (text: string) => string): string {
  chargeText(text.length)
  return change(text)
}

export const STRINGS: Library = {
  string: ['<x-b?:s>', 1, ([value, pretty]) => textOf(value, pretty === true)],
  substring: [
    '<s-nn?:s>',
    3,
    ([text, from, length]) =>
      text === undefined
        ? undefined
        : substring(text as string, from as number, length as number | undefined),
  ],
  substringBefore: [
    '<s-s:s>',
    2,
    ([text, mark]) => (text === undefined ? undefined : before(text as string, String(mark))),
  ],
  substringAfter: [
    '<s-s:s>',
    2,
    ([text, mark]) => (text === undefined ? undefined : after(text as string, String(mark))),
  ],
  lowercase: [
    '<s-:s>',
    1,
    ([text]) => (text === undefined ? undefined : changed(text as string, (s) => s.toLowerCase())),
  ],
  uppercase: [
    '<s-:s>',
    1,
    ([text]) => (text === undefined ? undefined : changed(text as string, (s) => s.toUpperCase())),
  ],
  length: ['<s-:n>', 1, ([text]) => (text === undefined ? undefined : lengthOf(text as string))],
  trim: ['<s-:s>', 1, ([text]) => (text === undefined ? undefined : trim(text as string))],
  pad: [
    '<s-ns?:s>',
    3,
    ([text, width, filler]) =>
      text === undefined ? undefined : pad(text as string, width as number, filler as string | undefined),
  ],
  join: [
    '<a<s>s?:s>',
    2,
    ([texts, separator]) =>
      texts === undefined ? undefined : join(texts as string[], (separator as string | undefined) ?? ''),
  ],
}
