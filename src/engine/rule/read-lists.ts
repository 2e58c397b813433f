import { failure, type JsonValue, type Result, success } from '../model/index.ts'
import { FieldReader } from './field-reader.ts'
import { lintDocument } from './lint-document.ts'
import type { Located } from './located.ts'
import { readInstant } from './read-alert.ts'
import { readToken } from './read-rule.ts'
import { isListDocument, type ReadOptions, readRoots } from './read-rules.ts'
import { SourceFile } from './source-file.ts'

export interface ListValue {
  readonly value: JsonValue
  /** ISO 8601; the value leaves the list then (event time). */
  readonly until?: string
  readonly why?: string
}

/** A list as written: values that rules look up with `$in_list(name, value)`. */
export interface ListDefinition {
  readonly name: string
  readonly description?: string
  readonly owner?: string
  readonly values: readonly ListValue[]
}

const VALUES_MAX = 10_000

/** Reads the list documents of a file; rules among them are left to `readRules`. None is no problem. */
export function readLists(text: string, options: ReadOptions = {}): Result<readonly ListDefinition[]> {
  const file = new SourceFile(text, options.file)
  const read = new FieldReader(file)
  const lists = readRoots(file, options)
    .filter(isListDocument)
    .flatMap((root) => {
      lintDocument(file, root)
      return readList(read, root) ?? []
    })
  return file.hasErrors ? failure(file.sorted()) : success(lists, file.sorted())
}

function readList(read: FieldReader, root: Located): ListDefinition | undefined {
  let name: string | undefined
  const texts: { description?: string; owner?: string } = {}
  let values: readonly ListValue[] = []
  const text = (key: 'description' | 'owner', max: number) => (node: Located) => {
    const found = read.text(node, max)
    if (found !== undefined) texts[key] = found
  }
  read.map(
    root,
    {
      $schema: () => {},
      list: (node) => {
        name = readToken(read, node, 'A list name')
      },
      description: text('description', 8_192),
      owner: text('owner', 256),
      values: (node) => {
        values = (read.list(node, 'values', VALUES_MAX) ?? []).flatMap((item) => readValue(read, item) ?? [])
      },
    },
    {
      what: 'a list',
      required: ['values'],
      synonyms: { entries: 'write `values`', items: 'write `values`' },
    },
  )
  return name === undefined ? undefined : { name, ...texts, values }
}

function readValue(read: FieldReader, node: Located): ListValue | undefined {
  if (node.kind !== 'map') {
    const value = readPlain(read, node)
    return value === undefined ? undefined : { value }
  }
  let value: JsonValue | undefined
  const rest: { until?: string; why?: string } = {}
  read.map(
    node,
    {
      value: (item) => {
        value = readPlain(read, item)
      },
      until: (item) => {
        const until = readInstant(read, item)
        if (until !== undefined) rest.until = until
      },
      why: (item) => {
        const why = read.text(item, 1_024)
        if (why !== undefined) rest.why = why
      },
    },
    { what: 'a value', required: ['value'] },
  )
  return value === undefined ? undefined : { value, ...rest }
}

function readPlain(read: FieldReader, node: Located): string | number | undefined {
  return node.kind === 'scalar' && typeof node.value === 'number' ? node.value : read.text(node, 1_024)
}
