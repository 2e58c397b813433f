import { child, type Located, type LocatedEntry } from './located.ts'
import type { SourceFile } from './source-file.ts'

export const DEPTH_MAX = 32

class JsonTrouble extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** Reads strict JSON (RFC 8259) with places; duplicate keys, unsafe numbers and deep nesting are problems. */
export function readJson(file: SourceFile): Located | undefined {
  const parser = new JsonReader(file)
  try {
    return parser.whole()
  } catch (error) {
    if (!(error instanceof JsonTrouble)) throw error
    const code = error.message.startsWith('The nesting') ? 'nesting-too-deep' : 'json-syntax'
    file.error(code, { start: error.at, end: error.at + 1 }, error.message)
    return undefined
  }
}

const LITERALS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const

class JsonReader {
  readonly #file: SourceFile
  readonly #text: string
  #at = 0

  constructor(file: SourceFile) {
    this.#file = file
    this.#text = file.text
  }

  whole(): Located {
    const value = this.#value('', 0)
    this.#space()
    if (this.#at < this.#text.length) throw new JsonTrouble(this.#at, 'Something follows the JSON value.')
    return value
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #skip(character: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #expect(character: string, where: string): void {
    if (!this.#skip(character)) throw new JsonTrouble(this.#at, `\`${character}\` is expected ${where}.`)
  }

  #value(pointer: string, depth: number): Located {
    this.#space()
    if (depth > DEPTH_MAX) throw new JsonTrouble(this.#at, `The nesting is deeper than ${DEPTH_MAX}.`)
    const start = this.#at
    const character = this.#text[start]
    if (character === '{') return this.#map(pointer, depth)
    if (character === '[') return this.#list(pointer, depth)
    if (character === '"') {
      const value = this.#string()
      return { kind: 'scalar', pointer, start, end: this.#at, value, style: 'quoted', commented: false }
    }
    for (const [word, value] of LITERALS) {
      if (!this.#text.startsWith(word, start)) continue
      this.#at += word.length
      return { kind: 'scalar', pointer, start, end: this.#at, value, style: 'plain', commented: false }
    }
    const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    number.lastIndex = start
    const found = number.exec(this.#text)
    if (!found) {
      throw new JsonTrouble(
        start,
        character === undefined ? 'The text ends too early.' : 'A JSON value is expected.',
      )
    }
    this.#at += found[0].length
    return {
      kind: 'scalar',
      pointer,
      start,
      end: this.#at,
      value: Number(found[0]),
      style: 'plain',
      commented: false,
    }
  }

  #map(pointer: string, depth: number): Located {
    const start = this.#at
    const entries: LocatedEntry[] = []
    const seen = new Set<string>()
    this.#expect('{', 'here')
    if (!this.#skip('}')) {
      do {
        this.#space()
        const keyStart = this.#at
        if (this.#text[keyStart] !== '"')
          throw new JsonTrouble(keyStart, 'A key in double quotes is expected.')
        const key = this.#string()
        const keyRange = { start: keyStart, end: this.#at }
        if (seen.has(key)) {
          this.#file.error(
            'duplicate-key',
            { ...keyRange, pointer },
            `The key \`${key}\` stands twice.`,
            'remove one of them',
          )
        }
        seen.add(key)
        this.#expect(':', 'after a key')
        entries.push({ key, keyRange, value: this.#value(child(pointer, key), depth + 1) })
      } while (this.#skip(','))
      this.#expect('}', 'at the end of an object')
    }
    return { kind: 'map', pointer, start, end: this.#at, flow: true, entries }
  }

  #list(pointer: string, depth: number): Located {
    const start = this.#at
    const items: Located[] = []
    this.#expect('[', 'here')
    if (!this.#skip(']')) {
      do items.push(this.#value(child(pointer, items.length), depth + 1))
      while (this.#skip(','))
      this.#expect(']', 'at the end of an array')
    }
    return { kind: 'list', pointer, start, end: this.#at, items }
  }

  #string(): string {
    const start = this.#at
    let end = start + 1
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1
    if (end >= this.#text.length) throw new JsonTrouble(start, 'The text in quotes does not end.')
    this.#at = end + 1
    try {
      return String(JSON.parse(this.#text.slice(start, end + 1)))
    } catch {
      throw new JsonTrouble(
        start,
        'The text in quotes has a line break, a control character or an unknown escape.',
      )
    }
  }
}
