import type { Located, LocatedScalar } from './located.ts'
import type { SourceFile } from './source-file.ts'

// Control characters have no business in a rule, and bidirectional overrides make text read differently from what it says.
const FORBIDDEN: ReadonlyArray<readonly [number, number]> = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
  [0x200e, 0x200f],
  [0x202a, 0x202e],
  [0x2066, 0x2069],
  [0xfffe, 0xffff],
]

/** The index of the first forbidden character, or -1. */
function findForbidden(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    // Printable ASCII is nearly all there is.
    if (code >= 0x20 && code < 0x7f) continue
    if (FORBIDDEN.some(([from, to]) => code >= from && code <= to)) return index
  }
  return -1
}

/** Reports characters that a rule file may not contain, wherever they stand; whether there were none. */
export function checkCharacters(file: SourceFile): boolean {
  const index = findForbidden(file.text)
  if (index < 0) return true
  const code = file.text.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0')
  const message = `The file contains the control character U+${code}.`
  file.error('control-character', { start: index, end: index + 1 }, message, 'remove it')
  return false
}

/** Traps of YAML 1.1 and of JSON numbers, in every value and key of a document. */
export function lintDocument(file: SourceFile, node: Located): void {
  if (node.kind === 'list') for (const item of node.items) lintDocument(file, item)
  if (node.kind === 'scalar') lintScalar(file, node)
  if (node.kind !== 'map') return
  for (const { key, keyRange, value } of node.entries) {
    const written = file.text.slice(keyRange.start, keyRange.end)
    if (isBooleanWord(written)) warnBooleanWord(file, { ...keyRange, pointer: value.pointer }, key)
    if (findForbidden(key) >= 0 || !key.isWellFormed())
      refuseText(file, { ...keyRange, pointer: value.pointer })
    lintDocument(file, value)
  }
}

function lintScalar(file: SourceFile, scalar: LocatedScalar): void {
  const written = file.text.slice(scalar.start, scalar.end)
  if (typeof scalar.value === 'number') lintNumber(file, scalar, scalar.value, written)
  if (typeof scalar.value !== 'string') return
  if (scalar.style === 'plain' && isBooleanWord(written)) warnBooleanWord(file, scalar, written)
  if (findForbidden(scalar.value) >= 0 || !scalar.value.isWellFormed()) refuseText(file, scalar)
}

function lintNumber(file: SourceFile, scalar: LocatedScalar, value: number, written: string): void {
  if (!Number.isFinite(value)) {
    file.error(
      'not-json',
      scalar,
      `\`${written}\` is not a number in JSON.`,
      'write a finite number, or quote it',
    )
  } else if (Number.isInteger(value) && !Number.isSafeInteger(value) && !/[.eE]/.test(written)) {
    const message = `\`${written}\` is too large to be exact: it would become ${value}.`
    file.error('number-precision', scalar, message, 'quote it if it is an identifier')
  }
}

const isBooleanWord = (written: string): boolean => /^(?:yes|no|on|off)$/i.test(written)

function warnBooleanWord(
  file: SourceFile,
  range: { start: number; end: number; pointer: string },
  word: string,
): void {
  const message = `\`${word}\` is text here, but true or false for tools that read YAML 1.1.`
  file.warn('yaml-boolean-word', range, message, `quote it: "${word}"`)
}

function refuseText(file: SourceFile, range: { start: number; end: number; pointer: string }): void {
  file.error(
    'control-character',
    range,
    'The text contains control characters or broken Unicode.',
    'remove them',
  )
}
