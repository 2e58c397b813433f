import type { DurationMs } from '../model/index.ts'
import { nearest, type SourceText } from '../model/index.ts'
import { listOf, parseDuration } from '../pattern/index.ts'
import type { RuleCode } from './codes.ts'
import type { Located, LocatedEntry, LocatedMap, LocatedScalar } from './located.ts'
import type { SourceFile } from './source-file.ts'

/** What to do with each key of a map; every other key is an error. */
export type Fields = Readonly<Record<string, (value: Located, entry: LocatedEntry) => void>>

export interface MapShape {
  /** How messages call the map: `a rule`, `an alert`. */
  readonly what: string
  readonly required?: readonly string[]
  /** What people write instead of a key of ours. */
  readonly synonyms?: Readonly<Record<string, string>>
}

const KIND_WORDS = { map: 'a map', list: 'a list', scalar: 'a single value' } as const

/** What a comment may stand behind, because a ` #` cannot have been part of it: `by: user # the key`. */
const UNCUT = {
  expression: /^[\w.$]+$/,
  event: /^[^\s"'`]+(?:\s+by\s+[\w.$]+)?$/,
  sentence: /^/,
  text: /^\w+$/,
} as const

/** Reads values of a document, table by table. Every reader reports what it refuses and returns undefined for it. */
export class FieldReader {
  readonly file: SourceFile

  constructor(file: SourceFile) {
    this.file = file
  }

  error(code: RuleCode, node: Located, message: string, hint?: string): undefined {
    this.file.error(code, node, message, hint)
    return undefined
  }

  warn(code: RuleCode, node: Located, message: string, hint?: string): void {
    this.file.warn(code, node, message, hint)
  }

  /** Gives every entry to its field; unknown and missing keys are errors. False when the node is not a map. */
  map(node: Located, fields: Fields, shape: MapShape): boolean {
    if (node.kind !== 'map') {
      this.wrongType(node, `a map (${Object.keys(fields).slice(0, 5).join(', ')} …)`)
      return false
    }
    for (const entry of node.entries) {
      const read = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined
      if (read) read(entry.value, entry)
      else this.#unknownKey(node, entry, Object.keys(fields), shape)
    }
    for (const key of shape.required ?? []) {
      if (node.entries.some((entry) => entry.key === key)) continue
      const start = node.entries[0]?.keyRange ?? node
      const range = { start: start.start, end: start.end, pointer: node.pointer }
      this.file.error('missing-key', range, `${capital(shape.what)} needs \`${key}\`.`, `add \`${key}: …\``)
    }
    return true
  }

  #unknownKey(map: LocatedMap, entry: LocatedEntry, known: readonly string[], shape: MapShape): void {
    const range = { ...entry.keyRange, pointer: entry.value.pointer }
    const message = `\`${entry.key}\` is not a key of ${shape.what}.`
    this.file.error(
      'unknown-key',
      range,
      message,
      this.splitHint(map, entry) ?? keyHint(entry.key, known, shape),
    )
  }

  /** The hint for a key that is really the rest of an expression which a comma has cut. */
  splitHint(map: LocatedMap, entry: LocatedEntry): string | undefined {
    const cut = map.flow && entry.value.kind === 'scalar' && entry.value.value === null
    return cut
      ? 'in `{ … }` a comma ends the value: YAML split the text here. Quote the whole value, or write the map over several lines'
      : undefined
  }

  wrongType(node: Located, wanted: string): undefined {
    const got = node.kind === 'scalar' ? scalarWords(node) : KIND_WORDS[node.kind]
    return this.error('wrong-type', node, `This is ${got}; ${wanted} is expected.`)
  }

  list(node: Located, what: string, max: number): readonly Located[] | undefined {
    if (node.kind !== 'list') return this.wrongType(node, `a list of ${what}`)
    if (node.items.length > max) {
      return this.error(
        'too-many',
        node,
        `There are ${node.items.length} ${what}; at most ${max} are allowed.`,
      )
    }
    return node.items
  }

  /** Text for people. Numbers and booleans are refused, so that `1.10` never becomes 1.1. */
  text(node: Located, max = 4_096): string | undefined {
    if (node.kind !== 'scalar') return this.wrongType(node, 'text')
    if (typeof node.value !== 'string') {
      const hint = node.value === null ? undefined : `quote it: "${this.#written(node)}"`
      return this.error(
        node.value === null ? 'empty-text' : 'wrong-type',
        node,
        node.value === null ? 'A value is missing here.' : `This is ${scalarWords(node)}; text is expected.`,
        hint,
      )
    }
    if (node.value.trim() === '')
      return this.error('empty-text', node, 'The text is empty.', 'write something, or remove the key')
    if (node.value.length > max)
      return this.error('too-many', node, `The text is longer than ${max} characters.`, 'shorten it')
    return node.value
  }

  texts(node: Located, what: string, max: number): readonly string[] | undefined {
    return this.list(node, what, max)?.flatMap((item) => this.text(item) ?? [])
  }

  boolean(node: Located): boolean | undefined {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
    return this.wrongType(node, '`true` or `false`')
  }

  integer(node: Located, min: number, max: number): number | undefined {
    const value = node.kind === 'scalar' ? node.value : undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    return this.wrongType(node, `a whole number from ${min} to ${max}`)
  }

  choice<T extends string>(node: Located, choices: readonly T[]): T | undefined {
    const value = node.kind === 'scalar' ? node.value : undefined
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    const meant = typeof value === 'string' ? nearest(value, choices) : undefined
    const all = listOf(choices.map((choice) => `\`${choice}\``))
    const hint = meant === undefined ? undefined : `did you mean \`${meant}\`?`
    return this.error('unknown-choice', node, `Allowed here: ${all}.`, hint)
  }

  duration(node: Located, zero: 'zero' | 'not-zero' = 'not-zero'): DurationMs | undefined {
    const value = node.kind === 'scalar' ? node.value : undefined
    const read = typeof value === 'string' ? parseDuration(value) : undefined
    if (read !== undefined && (read > 0 || zero === 'zero')) return read
    const hint =
      typeof value === 'number'
        ? `write \`${value}s\` or \`${value}m\``
        : 'write `5 minutes`, `5m`, `1h30m` or `PT5M`'
    const what = value === undefined ? 'This' : `\`${String(value)}\``
    this.file.report({
      code: 'bad-duration',
      severity: 'error',
      message: `${what} is not a length of time.`,
      hint,
      at: this.file.place(node, node.pointer),
    })
    return undefined
  }

  /** Text with its place. A plain scalar before a comment may have been cut by YAML, so an expression there is refused. */
  source(
    node: Located,
    what: 'expression' | 'event' | 'sentence' | 'text' = 'expression',
  ): SourceText | undefined {
    if (node.kind !== 'scalar')
      return this.wrongType(node, what === 'expression' ? 'an expression (text)' : 'text')
    const constant =
      what === 'expression' && (typeof node.value === 'number' || typeof node.value === 'boolean')
    const text = constant ? String(node.value) : this.text(node, 8_192)
    if (text === undefined) return undefined
    if (node.commented && !UNCUT[what].test(text)) {
      const message = 'YAML ends the text at ` #`: what follows is a comment and not part of it.'
      const hint = 'quote the text, or put the comment on a line of its own'
      return this.error(
        'comment-in-expression',
        { ...node, start: node.end, end: node.end + 2 },
        message,
        hint,
      )
    }
    return { text, pointer: node.pointer, origin: this.file.origin(node) }
  }

  #written(node: LocatedScalar): string {
    return this.file.text.slice(node.start, node.end)
  }
}

function keyHint(key: string, known: readonly string[], shape: MapShape): string {
  const synonym = Object.hasOwn(shape.synonyms ?? {}, key) ? shape.synonyms?.[key] : undefined
  if (synonym !== undefined) return synonym
  const meant = nearest(key, known)
  return meant === undefined ? `the keys are ${listOf(known, 'and')}` : `did you mean \`${meant}\`?`
}

function scalarWords(node: LocatedScalar): string {
  if (node.value === null) return 'empty'
  if (typeof node.value === 'string') return 'text'
  return typeof node.value === 'number' ? 'a number' : 'true or false'
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
