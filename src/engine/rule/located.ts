import type { JsonObject, JsonValue } from '../model/index.ts'

/** Characters of the file, from `start` up to but not including `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

interface Node extends Range {
  /** JSON Pointer from the document. */
  readonly pointer: string
}

/** A document as its author wrote it: JSON values that know where they stand. YAML and JSON become the same. */
export type Located = LocatedMap | LocatedList | LocatedScalar

export interface LocatedMap extends Node {
  readonly kind: 'map'
  /** Written in braces. */
  readonly flow: boolean
  readonly entries: readonly LocatedEntry[]
}

export interface LocatedEntry {
  readonly key: string
  readonly keyRange: Range
  readonly value: Located
}

export interface LocatedList extends Node {
  readonly kind: 'list'
  readonly items: readonly Located[]
}

export interface LocatedScalar extends Node {
  readonly kind: 'scalar'
  readonly value: null | boolean | number | string
  readonly style: 'plain' | 'quoted' | 'block'
  /** A comment follows on the same line, so a ` #` may have cut the text. */
  readonly commented: boolean
}

export const child = (pointer: string, key: string | number): string =>
  `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The plain JSON value; a key called `__proto__` becomes an own property like any other. */
export function plainValue(node: Located): JsonValue {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(plainValue)
    case 'map': {
      const object: JsonObject = {}
      for (const { key, value } of node.entries) setOwn(object, key, plainValue(value))
      return object
    }
    default:
      return node satisfies never
  }
}

/** Assigns without ever reaching a prototype. */
export function setOwn(object: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/** The node at a JSON Pointer, or the nearest one above it. */
export function nodeAt(root: Located, pointer: string): Located {
  let node = root
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    const next: Located | undefined =
      node.kind === 'map'
        ? node.entries.find((entry) => entry.key === key)?.value
        : node.kind === 'list'
          ? node.items[Number(key)]
          : undefined
    if (!next) return node
    node = next
  }
  return node
}
