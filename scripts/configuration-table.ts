// The tables of docs/reference/configuration.md, from the schema. Prints them; a test compares them with the page.
import { CONFIG_SCHEMA, resolveNode, type SchemaNode, variableOf } from '../src/service/config/schema.ts'

/** One row per key: key, variable, default, meaning. Keys of list items have no variable of their own. */
export function configurationRows(
  node: SchemaNode = CONFIG_SCHEMA,
  path: readonly string[] = [],
): readonly (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    if (name.startsWith('$')) return []
    const resolved = resolveNode(child)
    const here = [...path, name]
    if (resolved.properties !== undefined) return configurationRows(resolved, here)
    const items = resolved.items === undefined ? undefined : resolveNode(resolved.items)
    const inItems = items?.properties === undefined ? [] : configurationRows(items, [...path, `${name}[]`])
    const inList = path.some((part) => part.endsWith('[]'))
    return [
      [
        `\`${here.join('.')}\``,
        inList ? '' : `\`${variableOf(here)}\``,
        resolved.default === undefined ? '' : `\`${JSON.stringify(resolved.default).replaceAll('"', '')}\``,
        meaning(resolved),
      ],
      ...inItems,
    ]
  })
}

function meaning(node: SchemaNode): string {
  const choices =
    node.enum === undefined ? '' : ` One of ${node.enum.map((value) => `\`${value}\``).join(', ')}.`
  return `${node.description ?? ''}${choices}`.trim().replaceAll('|', '\\|')
}

if (import.meta.main) {
  console.log('| key | variable | default | meaning |\n|---|---|---|---|')
  for (const row of configurationRows()) console.log(`| ${row.join(' | ')} |`)
}
