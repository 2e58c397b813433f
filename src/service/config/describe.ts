import { stringify } from 'yaml'
import type { Config } from './config.ts'
import { CONFIG_SCHEMA, resolveNode, type SchemaNode } from './schema.ts'
import { HIDDEN, redactUrl } from './secret.ts'

/** The configuration in force as a file would say it. */
export function describeConfig({ document, file }: Config): string {
  return `${file === undefined ? '' : `# from ${file}\n`}${stringify(document, { aliasDuplicateObjects: false })}`
}

/** What a file says that means the same as `raw`: keys in the schema's order, paths as `absolute` gives them, secrets hidden. */
export function shownDocument(
  raw: { readonly nats: { readonly url?: string } },
  absolute: (path: string) => string,
): Config['document'] {
  const { nats } = raw
  const url = nats.url === undefined ? {} : { url: redactUrl(nats.url) }
  return shownMap(CONFIG_SCHEMA, { ...raw, nats: { ...nats, ...url } }, absolute)
}

function shownMap(
  node: SchemaNode,
  value: Readonly<Record<string, unknown>>,
  absolute: (path: string) => string,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(node.properties ?? {})
      .filter(([name]) => value[name] !== undefined && !name.startsWith('$'))
      .map(([name, child]) => [name, shown(resolveNode(child), value[name], absolute)]),
  )
}

function shown(node: SchemaNode, value: unknown, absolute: (path: string) => string): unknown {
  if (node.writeOnly === true) return HIDDEN
  if (node.$ref === '#/definitions/path') return absolute(String(value))
  const { items } = node
  if (items !== undefined)
    return (value as readonly unknown[]).map((item) => shown(resolveNode(items), item, absolute))
  return node.properties === undefined
    ? value
    : shownMap(node, value as Readonly<Record<string, unknown>>, absolute)
}
