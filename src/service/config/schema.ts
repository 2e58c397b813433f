import { readFileSync } from 'node:fs'

/** The part of JSON Schema that the configuration's schema uses. */
export interface SchemaNode {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly definitions?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  /** A secret: taken, and never shown. */
  readonly writeOnly?: boolean
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

export const CONFIG_SCHEMA = JSON.parse(
  readFileSync(new URL('../../../schemas/config.v1.schema.json', import.meta.url), 'utf8'),
) as SchemaNode

/** A node with what its reference says; what stands beside the reference wins. */
export function resolveNode(node: SchemaNode): SchemaNode {
  const name = node.$ref?.replace('#/definitions/', '')
  const target = name === undefined ? undefined : CONFIG_SCHEMA.definitions?.[name]
  return target === undefined ? node : { ...target, ...node }
}

export interface ConfigKey {
  readonly path: readonly string[]
  readonly node: SchemaNode
  /** `SEQUITUR_HTTP_PORT` for `http.port`. */
  readonly variable: string
}

/** Every key that has a value of its own (lists included), in the order of the schema. */
export function configKeys(
  node: SchemaNode = CONFIG_SCHEMA,
  path: readonly string[] = [],
): readonly ConfigKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    if (name.startsWith('$')) return []
    const resolved = resolveNode(child)
    const here = [...path, name]
    return resolved.properties === undefined
      ? [{ path: here, node: resolved, variable: variableOf(here) }]
      : configKeys(resolved, here)
  })
}

export const variableOf = (path: readonly string[]): string =>
  `SEQUITUR_${path.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')}`
