import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLError } from 'yaml'
import { child, type Located, type LocatedEntry, type Range } from './located.ts'
import { DEPTH_MAX } from './read-json.ts'
import type { SourceFile } from './source-file.ts'

/** One document may not be larger: parsing time grows faster than the text. */
export const DOCUMENT_BYTES_MAX = 64 * 1_024
const DOCUMENTS_MAX = 1_000

/**
 * Reads all YAML documents of a file. Aliases, tags, directives, duplicate keys, numbers that JSON does not have and deep nesting are
 * problems; a document with a problem of syntax is left out. Empty documents are skipped.
 */
export function readYaml(file: SourceFile): readonly Located[] {
  const roots: Located[] = []
  const documents = splitDocuments(file.text)
  if (documents.length > DOCUMENTS_MAX) {
    file.error(
      'too-many',
      { start: 0, end: 1 },
      `The file has more than ${DOCUMENTS_MAX} documents.`,
      'split the file',
    )
    return []
  }
  for (const range of documents) {
    const root = isSafeToParse(file, range) ? readDocument(file, range) : undefined
    if (root) roots.push(root)
  }
  return roots
}

/** In YAML `---` at the start of a line always separates documents, also inside quotes and blocks. */
function splitDocuments(text: string): readonly Range[] {
  const starts = [...text.matchAll(/^---(?=[ \t\r\n]|$)/gm)].map((found) => found.index)
  const bounds = [...new Set([0, ...starts])]
  return bounds.map((start, index) => ({ start, end: bounds[index + 1] ?? text.length }))
}

/** The parser is recursive and its time superlinear, so size and nesting are looked at before it runs. */
function isSafeToParse(file: SourceFile, range: Range): boolean {
  const text = file.text.slice(range.start, range.end)
  if (text.length > DOCUMENT_BYTES_MAX) {
    const message = `The document is larger than ${DOCUMENT_BYTES_MAX / 1_024} KiB.`
    file.error(
      'document-too-large',
      { start: range.start, end: range.start + 1 },
      message,
      'one rule is one document; separate them by `---`',
    )
    return false
  }
  const directive = /^(?:[ \t]*(?:#.*)?\r?\n)*(?<line>%.*)/.exec(text)
  if (directive) {
    const end = range.start + directive[0].length
    const start = end - (directive.groups?.['line']?.length ?? 1)
    file.error('yaml-directive', { start, end }, 'YAML directives are not accepted.', 'remove the line')
    return false
  }
  const deep = tooDeep(text)
  if (deep === undefined) return true
  const start = range.start + deep
  file.error(
    'nesting-too-deep',
    { start, end: start + 1 },
    `The nesting is deeper than ${DEPTH_MAX}.`,
    'flatten the document',
  )
  return false
}

/** The offset where brackets, indentation or chains of `- ` go too deep. Brackets in texts count too: they come in pairs. */
function tooDeep(text: string): number | undefined {
  let depth = 0
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '[' || character === '{') depth += 1
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1
    if (depth > 2 * DEPTH_MAX) return index
  }
  const chain = /(?:[-?:][ \t]+){32}|^[ ]{256}/m.exec(text)
  return chain?.index
}

function readDocument(file: SourceFile, range: Range): Located | undefined {
  const document = parseDocument(file.text.slice(range.start, range.end), {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    merge: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  for (const problem of [...document.errors, ...document.warnings]) reportYaml(file, problem, range.start)
  if (!document.contents || isEmptyScalar(document.contents)) return undefined
  // What was written around a mistake of syntax is a guess of the parser.
  if (document.errors.length > 0) return undefined
  return new Locator(file, range.start).locate(document.contents, '', 0)
}

const isEmptyScalar = (node: Node): boolean => isScalar(node) && node.value === null && node.source === ''

function reportYaml(file: SourceFile, problem: YAMLError, offset: number): void {
  const [from, to] = problem.pos
  const range = { start: offset + from, end: offset + Math.max(to, from + 1) }
  const line = file.lineText(file.lineAndColumn(range.start).line)
  if (problem.code === 'DUPLICATE_KEY') {
    file.error('duplicate-key', range, 'The key stands twice.', 'remove one of them')
  } else if (problem.code === 'TAG_RESOLVE_FAILED' || problem.code === 'NON_STRING_KEY') {
    file.error(
      'yaml-tag',
      range,
      'YAML tags and keys that are not text are not accepted.',
      'remove the tag, or quote the text',
    )
  } else {
    file.error('yaml-syntax', range, `${problem.message.replace(/\.$/, '')}.`, yamlHint(problem, line))
  }
}

function yamlHint(problem: YAMLError, line: string): string | undefined {
  if (/:\s+\{\{/.test(line)) return "quote the text: a value cannot start with `{{` ('{{ $key }} …')"
  if (problem.code === 'TAB_AS_INDENT') return 'indent with spaces'
  if (/:\s+[`@%]/.test(line)) return 'quote the text: a value cannot start with this character'
  if (problem.code === 'BLOCK_AS_IMPLICIT_KEY' || problem.code === 'MULTILINE_IMPLICIT_KEY') {
    return 'check the indentation; quote a text that has `: ` in it'
  }
  if (problem.code === 'BAD_INDENT' || problem.code === 'UNEXPECTED_TOKEN')
    return 'check the indentation and the quotes'
  return undefined
}

/** Turns the parser's nodes into ours and reports what a rule file may not have. */
class Locator {
  readonly #file: SourceFile
  readonly #offset: number

  constructor(file: SourceFile, offset: number) {
    this.#file = file
    this.#offset = offset
  }

  locate(node: Node | null, pointer: string, depth: number, fallback?: Range): Located {
    const range = node?.range
      ? { start: this.#offset + node.range[0], end: this.#offset + node.range[1] }
      : (fallback ?? { start: this.#offset, end: this.#offset + 1 })
    const empty: Located = {
      kind: 'scalar',
      pointer,
      ...range,
      value: null,
      style: 'plain',
      commented: false,
    }
    if (!node) return empty
    if (depth > DEPTH_MAX) {
      this.#file.error(
        'nesting-too-deep',
        { ...range, pointer },
        `The nesting is deeper than ${DEPTH_MAX}.`,
        'flatten the document',
      )
      return empty
    }
    if (isAlias(node)) {
      this.#file.error(
        'yaml-alias',
        { ...range, pointer },
        'YAML aliases are not accepted.',
        'write the value again',
      )
      return empty
    }
    if ('anchor' in node && node.anchor !== undefined) {
      this.#file.error(
        'yaml-alias',
        { ...range, pointer },
        'YAML anchors are not accepted.',
        `remove \`&${String(node.anchor)}\``,
      )
    }
    if (node.tag !== undefined) {
      this.#file.error(
        'yaml-tag',
        { ...range, pointer },
        `The YAML tag \`${node.tag}\` is not accepted.`,
        'remove it',
      )
    }
    if (isMap(node)) {
      const entries = node.items.map((pair) =>
        this.#entry(pair.key as Node, pair.value as Node | null, pointer, depth),
      )
      return { kind: 'map', pointer, ...range, flow: node.flow === true, entries }
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) =>
        this.locate(item as Node, child(pointer, index), depth + 1, range),
      )
      return { kind: 'list', pointer, ...range, items }
    }
    return isScalar(node) ? this.#scalar(node, pointer, range) : empty
  }

  #entry(key: Node, value: Node | null, pointer: string, depth: number): LocatedEntry {
    const start = this.#offset + (key.range?.[0] ?? 0)
    const keyRange = { start, end: this.#offset + (key.range?.[1] ?? 1) }
    const name = isScalar(key) ? String(key.value ?? '') : ''
    return { key: name, keyRange, value: this.locate(value, child(pointer, name), depth + 1, keyRange) }
  }

  #scalar(node: Node & { value: unknown; type?: string }, pointer: string, range: Range): Located {
    const style = node.type?.startsWith('QUOTE')
      ? 'quoted'
      : node.type?.startsWith('BLOCK')
        ? 'block'
        : 'plain'
    const { value } = node
    const rest = this.#file.text.slice(range.end, this.#file.text.indexOf('\n', range.end) + 1 || undefined)
    const commented = style === 'plain' && /^[ \t]+#/.test(rest)
    const base = { kind: 'scalar' as const, pointer, ...range, style, commented } as const
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return { ...base, value }
    if (typeof value === 'number') return { ...base, value }
    this.#file.error('not-json', { ...range, pointer }, 'This value has no counterpart in JSON.', 'quote it')
    return { ...base, value: null }
  }
}
