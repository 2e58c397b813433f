import { isMap, isPair, isSeq, LineCounter, parseDocument } from 'yaml'
import { failure, type Place, type Problem, type Result, success } from '../../engine/index.ts'

const SIZE_MAX = 1024 * 1024

/** A configuration text as data, and where each of its parts stands. */
export interface ConfigDocument {
  readonly value: unknown
  /** `key`: the place of the key itself, for a key that should not be there. */
  placeOf(path: readonly string[], what?: 'key' | 'value'): Place
}

/** YAML 1.2, of which JSON is a part. No tags, aliases or duplicate keys. */
export function readConfigDocument(text: string, file: string): Result<ConfigDocument> {
  if (text.length > SIZE_MAX)
    return failure([syntaxProblem({ file }, `the file is larger than ${SIZE_MAX / 1024} KiB`)])
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    merge: false,
    strict: true,
    prettyErrors: false,
  })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0)
    return failure(
      faults.map(({ code, message, pos }) => {
        const key = code === 'DUPLICATE_KEY' ? /^[\w-]+/.exec(text.slice(pos[0]))?.[0] : undefined
        const what = key === undefined ? firstLine(message) : `${key} stands here a second time`
        return syntaxProblem(placeAt(pos[0]), what)
      }),
    )

  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch {
    return failure([syntaxProblem({ file }, 'aliases (*name) are not accepted here')])
  }
  const placeOf = (path: readonly string[], what: 'key' | 'value' = 'value'): Place => {
    let node: unknown = document.contents
    let range = rangeOf(node)
    for (const [index, name] of path.entries()) {
      const last = index === path.length - 1
      if (isMap(node)) {
        const pair = node.items.find((item) => isPair(item) && keyText(item.key) === name)
        if (pair === undefined) break
        node = pair.value
        range = (last && what === 'key' ? rangeOf(pair.key) : rangeOf(node)) ?? rangeOf(pair.key) ?? range
      } else if (isSeq(node)) {
        node = node.items[Number(name)]
        range = rangeOf(node) ?? range
      } else break
    }
    return { ...(range === undefined ? { file } : placeAt(range[0])), pointer: pointerOf(path) }
  }
  return success({ value, placeOf })
}

export const pointerOf = (path: readonly string[]): string =>
  path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

export const pathOf = (pointer: string): readonly string[] =>
  pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))

const syntaxProblem = (at: Place, message: string): Problem => ({
  code: 'config-syntax',
  severity: 'error',
  message,
  at,
})

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text

function rangeOf(node: unknown): readonly [number, ...number[]] | undefined {
  const range = (node as { range?: readonly [number, ...number[]] | null } | null)?.range
  return range ?? undefined
}

const keyText = (key: unknown): string => String((key as { value?: unknown } | null)?.value ?? key)
