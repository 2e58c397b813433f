import { Failure } from '../failure.ts'
import { chargeText } from '../run.ts'
import type { Library } from './aggregates.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const GROWTH = 12

/** Of the low bytes of the characters, as the language defines it. */
function encodeBase64(text: string): string {
  chargeText(text.length * 2)
  let result = ''
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i
    const bits =
      ((text.charCodeAt(i) & 255) << 16) |
      (left > 1 ? (text.charCodeAt(i + 1) & 255) << 8 : 0) |
      (left > 2 ? text.charCodeAt(i + 2) & 255 : 0)
    result += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt((bits >> 12) & 63)
    result += left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : '='
    result += left > 2 ? ALPHABET.charAt(bits & 63) : '='
  }
  return result
}

/** Forgiving: characters outside the alphabet are passed over, padding ends the text. */
function decodeBase64(text: string): string {
  chargeText(text.length)
  let result = ''
  let bits = 0
  let count = 0
  for (const character of text) {
    if (character === '=') break
    const value = ALPHABET.indexOf(character === '-' ? '+' : character === '_' ? '/' : character)
    if (value === -1) continue
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count >= 8) {
      count -= 8
      result += String.fromCharCode((bits >> count) & 255)
    }
  }
  return result
}

const url =
  (name: string, convert: (text: string) => string) =>
  ([text]: readonly unknown[]) => {
    if (text === undefined) return undefined
    chargeText((text as string).length * GROWTH)
    try {
      return convert(text as string)
    } catch {
      throw new Failure('D3140', {
        value: text,
        text: `Malformed URL passed to $${name}(): ${JSON.stringify(text)}`,
      })
    }
  }

export const ENCODING: Library = {
  base64encode: ['<s-:s>', 1, ([text]) => (text === undefined ? undefined : encodeBase64(text as string))],
  base64decode: ['<s-:s>', 1, ([text]) => (text === undefined ? undefined : decodeBase64(text as string))],
  encodeUrlComponent: ['<s-:s>', 1, url('encodeUrlComponent', encodeURIComponent)],
  encodeUrl: ['<s-:s>', 1, url('encodeUrl', encodeURI)],
  decodeUrlComponent: ['<s-:s>', 1, url('decodeUrlComponent', decodeURIComponent)],
  decodeUrl: ['<s-:s>', 1, url('decodeUrl', decodeURI)],
}
