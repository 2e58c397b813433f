import { isMap, isScalar, parseDocument, stringify } from 'yaml'
import { failure, type Result, success } from '../model/index.ts'
import { readRoots } from './read-rules.ts'
import { SourceFile } from './source-file.ts'

/**
 * Changes one field of a YAML document that holds one rule, such as `['status']`, and leaves everything else as it was written, comments
 * included. A field that is not there is added behind the first key of its map.
 */
export function setField(
  text: string,
  path: readonly string[],
  value: string | number | boolean,
): Result<string> {
  const file = new SourceFile(text)
  // The guards of reading (size, nesting, aliases) come before the parser.
  const roots = readRoots(file, { format: 'yaml' })
  if (file.hasErrors) return failure(file.sorted())
  if (roots.length !== 1) {
    file.error(
      'too-many',
      { start: 0, end: 1 },
      'The text holds more than one document.',
      'give one document',
    )
    return failure(file.sorted())
  }
  const written = stringify(value, { version: '1.2', schema: 'core' }).trim()
  const document = parseDocument(text, { version: '1.2', schema: 'core', stringKeys: true })
  const node = document.getIn(path, true)
  const range = isScalar(node) ? node.range : undefined
  if (range) return success(text.slice(0, range[0]) + written + text.slice(range[1]))
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const key = path.at(-1) ?? ''
  if (node === undefined && isMap(parent) && parent.flow !== true) {
    const first = parent.items[0]
    const start = (first?.key as { range?: readonly number[] } | undefined)?.range?.[0]
    const end = (first?.value as { range?: readonly number[] } | undefined)?.range?.[1]
    if (start !== undefined && end !== undefined) {
      const indent = start - (text.lastIndexOf('\n', start - 1) + 1)
      const newline = text.indexOf('\n', end)
      const at = newline < 0 ? text.length : newline
      return success(`${text.slice(0, at)}\n${' '.repeat(indent)}${key}: ${written}${text.slice(at)}`)
    }
  }
  document.setIn(path, value)
  return success(document.toString({ lineWidth: 0 }))
}
