import { type EventDefinition, nearest, type SourceText, sliceSource } from '../model/index.ts'
import { isSentenceWord } from '../pattern/index.ts'
import type { FieldReader } from './field-reader.ts'
import { FUNCTION_NAMES } from './function-names.ts'
import type { Located, LocatedEntry, LocatedMap } from './located.ts'
import { subjectTrouble } from './subject.ts'

/** Slots are bits of a 32-bit mask. */
export const EVENTS_MAX = 30
export const KEY_PARTS_MAX = 8

/** Names that expressions give another meaning. */
const TAKEN_NAMES: ReadonlySet<string> = new Set(['key', 'event'])

/** `events:` of a rule, in the order written (which is the order of slots). */
export function readEvents(read: FieldReader, node: Located): readonly EventDefinition[] | undefined {
  if (node.kind !== 'map')
    return read.wrongType(node, 'a map of names (`login: auth.login where outcome = "success"`)')
  if (node.entries.length === 0)
    return read.error('missing-key', node, 'A rule reads at least one event.', 'add `name: SUBJECT`')
  if (node.entries.length > EVENTS_MAX) {
    return read.error('too-many-events', node, `A rule has at most ${EVENTS_MAX} events.`, 'split the rule')
  }
  return node.entries.flatMap((entry) => {
    const named = readName(read, node, entry)
    const event = entry.value.kind === 'map' ? longForm(read, entry) : shortForm(read, entry)
    return named && event ? [event] : []
  })
}

function readName(read: FieldReader, map: LocatedMap, entry: LocatedEntry): boolean {
  const { key: name, keyRange } = entry
  const range = { ...keyRange, pointer: entry.value.pointer }
  const complain = (code: 'bad-name' | 'name-shadows-function', message: string, hint: string): boolean => {
    read.file.error(code, range, message, hint)
    return false
  }
  const cut = read.splitHint(map, entry)
  if (!/^[A-Za-z_]\w{0,63}$/.test(name)) {
    const bare = name.replaceAll(/\W+/g, '_').replace(/^(?=\d)/, '_')
    const hint =
      cut ?? `event names have letters, digits and \`_\` (expressions call them \`$name\`): \`${bare}\``
    return complain('bad-name', `\`${name}\` cannot be the name of an event.`, hint)
  }
  if (isSentenceWord(name)) {
    return complain(
      'bad-name',
      `\`${name}\` is a word of the sentence language.`,
      `write for example \`${name}_event\``,
    )
  }
  if (TAKEN_NAMES.has(name)) {
    return complain(
      'bad-name',
      `\`$${name}\` means something else in expressions.`,
      `write for example \`${name}_event\``,
    )
  }
  if (FUNCTION_NAMES.has(name)) {
    const hint = `write for example \`${name}_event\``
    return complain('name-shadows-function', `\`$${name}\` is a function of the expression language.`, hint)
  }
  return true
}

function longForm(read: FieldReader, entry: LocatedEntry): EventDefinition | undefined {
  let from: string | undefined
  let by: readonly SourceText[] | undefined
  let where: SourceText | undefined
  read.map(
    entry.value,
    {
      from: (node) => {
        from = read.text(node)
        if (from !== undefined) checkSubject(read, node, from, node)
      },
      by: (node) => {
        by = readKey(read, node)
      },
      where: (node) => {
        where = read.source(node)
      },
    },
    {
      what: 'an event',
      required: ['from'],
      synonyms: {
        subject: 'write `from`',
        filter: 'write `where`',
        when: 'write `where`',
        key: 'write `by`',
      },
    },
  )
  if (from === undefined) return undefined
  return { name: entry.key, from, ...(by ? { by } : {}), ...(where ? { where } : {}) }
}

/** A `by`: one expression, or a list of them. */
export function readKey(read: FieldReader, node: Located): readonly SourceText[] | undefined {
  if (node.kind !== 'list') {
    const part = read.source(node)
    return part ? [part] : undefined
  }
  const items = read.list(node, 'key parts', KEY_PARTS_MAX)
  if (items?.length === 0) return read.error('missing-key', node, 'The key has no part.', 'name a field')
  return items?.flatMap((item) => read.source(item) ?? [])
}

function checkSubject(
  read: FieldReader,
  at: { start: number; end: number; pointer: string },
  subject: string,
  node: Located,
): void {
  const trouble = subjectTrouble(subject)
  if (trouble !== undefined)
    read.file.error(
      'bad-subject',
      { ...at, pointer: node.pointer },
      trouble,
      'a subject is for example `payments.card.*` or `auth.>`',
    )
}

/** `SUBJECT [by KEY] [where EXPRESSION]`. */
function shortForm(read: FieldReader, entry: LocatedEntry): EventDefinition | undefined {
  const node = entry.value
  if (node.kind === 'scalar' && node.value === null) {
    return read.error(
      'missing-key',
      node,
      `\`${entry.key}\` has no subject.`,
      'write `name: SUBJECT where CONDITION`',
    )
  }
  const source = read.source(node, 'event')
  if (!source) return undefined
  const [subject = ''] = /^\S+/.exec(source.text) ?? []
  const subjectEnd = node.start + (node.kind === 'scalar' && node.style === 'quoted' ? 1 : 0) + subject.length
  checkSubject(
    read,
    { start: node.start, end: Math.max(node.start + 1, subjectEnd), pointer: node.pointer },
    subject,
    node,
  )
  const clauses = splitClauses(source.text, subject.length)
  if (clauses.stray !== undefined) {
    const word = /^\S+/.exec(source.text.slice(clauses.stray))?.[0] ?? ''
    const meant = nearest(word, ['by', 'where'])
    const hint =
      meant === undefined ? 'an event is `SUBJECT [by KEY] [where CONDITION]`' : `did you mean \`${meant}\`?`
    return reportIn(
      read,
      source,
      clauses.stray,
      word.length,
      `\`${word}\` cannot stand here; allowed: \`by\` or \`where\`.`,
      hint,
    )
  }
  for (const [word, range] of [
    ['by', clauses.by],
    ['where', clauses.where],
  ] as const) {
    if (range && range.start >= range.end) {
      return reportIn(
        read,
        source,
        range.start - 1,
        1,
        `Nothing follows \`${word}\`.`,
        `write ${word === 'by' ? 'a field' : 'a condition'} there, or remove \`${word}\``,
      )
    }
  }
  return {
    name: entry.key,
    from: subject,
    ...(clauses.by ? { by: [sliceSource(source, clauses.by.start, clauses.by.end)] } : {}),
    ...(clauses.where ? { where: sliceSource(source, clauses.where.start, clauses.where.end) } : {}),
  }
}

function reportIn(
  read: FieldReader,
  source: SourceText,
  offset: number,
  length: number,
  message: string,
  hint: string,
): undefined {
  const segment = source.origin?.segments.findLast((start) => start.offset <= offset)
  const at = {
    ...(read.file.name === undefined ? {} : { file: read.file.name }),
    pointer: source.pointer,
    line: segment?.line ?? 1,
    column: (segment?.column ?? 1) + offset - (segment?.offset ?? 0),
    length,
  }
  read.file.report({ code: 'event-syntax', severity: 'error', message, hint, at })
  return undefined
}

interface Clauses {
  readonly by?: { readonly start: number; readonly end: number }
  readonly where?: { readonly start: number; readonly end: number }
  /** Offset of a word that is neither. */
  readonly stray?: number
}

function splitClauses(text: string, from: number): Clauses {
  const start = skipSpace(text, from)
  if (start >= text.length) return {}
  const word = /^\w+/.exec(text.slice(start))?.[0]
  const body = skipSpace(text, start + (word?.length ?? 0))
  if (word === 'where') return { where: { start: body, end: text.trimEnd().length } }
  if (word !== 'by') return { stray: start }
  const where = findWord(text, 'where', body)
  const end = text.slice(0, where ?? text.length).trimEnd().length
  const by = { start: body, end }
  if (where === undefined) return { by }
  return { by, where: { start: skipSpace(text, where + 'where'.length), end: text.trimEnd().length } }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && /\s/.test(text[at] ?? '')) at += 1
  return at
}

/** The offset of a whole word outside quotes. */
function findWord(text: string, word: string, from: number): number | undefined {
  const scan = new RegExp(
    `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|\`[^\`]*\`|(?<=\\s)${word}(?=\\s|$)`,
    'g',
  )
  scan.lastIndex = Math.max(0, from - 1)
  for (let found = scan.exec(text); found; found = scan.exec(text)) {
    if (found[0] === word && found.index >= from) return found.index
  }
  return undefined
}
