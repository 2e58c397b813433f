import type { JsonObject, JsonValue } from '../model/index.ts'

export const KEY_BYTES_MAX = 256

/** Whether an event has a usable key, and if not, why. */
export type KeyFault = 'key-missing' | 'key-too-long' | 'key-not-scalar' | 'key-error'

/*
 * The canonical text of a key: a string is itself, so that the common key costs nothing. What is not a string, and the few strings
 * that could be taken for it, start with a marker: `#` number, `!` boolean, `'` string that starts with a marker, `"` string that
 * is not well-formed Unicode or holds a NUL (escaped, because the key is also part of a stored row's id), `[` several parts, each preceded by its length.
 */
const NUMBER = 35
const BOOLEAN = 33
const QUOTED = 39
const ESCAPED = 34
const COMPOSITE = 91

const PLAIN_LENGTH_MAX = 40
const ASCII_MAX = 127

const isMarker = (code: number): boolean =>
  code === NUMBER || code === BOOLEAN || code === QUOTED || code === ESCAPED || code === COMPOSITE

/** The canonical text of one key part; undefined when the value cannot be a key (null, arrays, objects). */
export function canonicalPart(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (isPlainText(value)) return value
    if (!value.isWellFormed() || value.includes('\u0000')) return JSON.stringify(value)
    return value.length > 0 && !isMarker(value.charCodeAt(0)) ? value : `'${value}`
  }
  if (typeof value === 'number') return value - value === 0 ? `#${value}` : undefined
  return typeof value === 'boolean' ? `!${value}` : undefined
}

/** Short ASCII without markers, as most keys are: looking is faster than asking the runtime twice. */
function isPlainText(text: string): boolean {
  const { length } = text
  if (length === 0 || length > PLAIN_LENGTH_MAX || isMarker(text.charCodeAt(0))) return false
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0 || code > ASCII_MAX) return false
  }
  return true
}

export function compositeKey(parts: readonly string[]): string {
  let key = '['
  for (const part of parts) key += `${part.length}:${part}`
  return key
}

/** The canonical text of a key: of one part it is the part's. */
export const keyOfParts = (parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] as string) : compositeKey(parts)

/** A scalar is a key of one part, an array the parts in order, an object the parts by name; undefined when it fits the rule in no way. */
export function canonicalKeyOf(key: JsonValue, names: readonly string[]): string | undefined {
  const values = Array.isArray(key)
    ? key
    : typeof key === 'object' && key !== null
      ? names.map((name) => key[name] ?? null)
      : [key]
  if (values.length !== names.length) return undefined
  const parts = values.map(canonicalPart)
  if (!parts.every((part) => part !== undefined)) return undefined
  return keyOfParts(parts)
}

/** The value a canonical part was made of. */
function partValue(part: string): JsonValue {
  switch (part.charCodeAt(0)) {
    case NUMBER:
      return Number(part.slice(1))
    case BOOLEAN:
      return part === '!true'
    case QUOTED:
      return part.slice(1)
    case ESCAPED:
      return JSON.parse(part) as string
    default:
      return part
  }
}

/** The values of the parts of a canonical key, in order. */
export function keyParts(key: string): JsonValue[] {
  if (key.charCodeAt(0) !== COMPOSITE) return [partValue(key)]
  const values: JsonValue[] = []
  let at = 1
  while (at < key.length) {
    const colon = key.indexOf(':', at)
    const start = colon + 1
    at = start + Number(key.slice(at, colon))
    values.push(partValue(key.slice(start, at)))
  }
  return values
}

/** `$key` of expressions: the value itself for one part, an object by part name for several. */
export function keyValue(key: string, names: readonly string[]): JsonValue {
  const parts = keyParts(key)
  return names.length === 1 ? (parts[0] ?? null) : keyObject(parts, names)
}

/** The key as alerts show it: always an object by part name. */
export function keyObject(parts: readonly JsonValue[], names: readonly string[]): JsonObject {
  const object: JsonObject = {}
  names.forEach((name, index) => {
    const value = parts[index] ?? null
    if (name === '__proto__')
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
    else object[name] = value
  })
  return object
}

/** The key as one line of text, for people and for the CloudEvents `subject`. */
export const keyText = (key: string): string =>
  keyParts(key)
    .map((part) => String(part))
    .join('/')

export function isTooLong(key: string): boolean {
  if (key.length > KEY_BYTES_MAX) return true
  // Three bytes a UTF-16 unit is the most that UTF-8 takes.
  return key.length * 3 > KEY_BYTES_MAX && utf8Length(key) > KEY_BYTES_MAX
}

function utf8Length(text: string): number {
  let bytes = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    // Both halves of a surrogate pair together take four.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3
  }
  return bytes
}

/** 32-bit FNV-1a of the UTF-8 bytes of a canonical key: which partition owns it. Frozen: stored state depends on it. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) as number
    if (code < 0x80) hash = step(hash, code)
    else if (code < 0x800) hash = step(step(hash, 0xc0 | (code >> 6)), 0x80 | (code & 63))
    else if (code < 0x10000) {
      hash = step(step(hash, 0xe0 | (code >> 12)), 0x80 | ((code >> 6) & 63))
      hash = step(hash, 0x80 | (code & 63))
    } else {
      hash = step(step(hash, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 63))
      hash = step(step(hash, 0x80 | ((code >> 6) & 63)), 0x80 | (code & 63))
      index++
    }
  }
  return hash >>> 0
}

const step = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)
