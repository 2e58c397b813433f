import type { CharacterSet } from './character-set.ts'
import { linearCost } from './linear.ts'
import { type RegexNode, readRegex } from './syntax.ts'

const LINE_END = /[\n\r\u2028\u2029]/

/**
 * `power.*shell`: pieces of fixed length with anything between them. Whether it is somewhere in one line is told by looking for one
 * piece after the other, each as early as it can be: linear on the host's engine. Undefined for all other expressions.
 */
export function segmentTest(
  source: string,
  flags: string,
): ((text: string) => boolean | undefined) | undefined {
  if (flags.includes('m') || !source.includes('.')) return undefined
  const pieces = splitAtGaps(source)
  if (pieces === undefined || pieces.length < 2) return undefined
  if (
    !pieces.every(
      (piece) => linearCost(piece) !== undefined && fixedLength(readRegex(piece, false)) !== undefined,
    )
  )
    return undefined
  const searches = pieces.filter((piece) => piece !== '').map((piece) => new RegExp(piece, `${flags}g`))
  return (text) => {
    if (LINE_END.test(text)) return undefined
    let at = 0
    for (let i = 0; i < searches.length; i++) {
      const search = searches[i] as RegExp
      search.lastIndex = at
      if (!search.test(text)) return false
      at = search.lastIndex
    }
    return true
  }
}

const TOKEN = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\.[*+]\??|[\s\S]/g

/** At each `.*` and `.+` outside brackets; undefined when alternatives or a quantified gap make that another expression. */
function splitAtGaps(source: string): readonly string[] | undefined {
  const pieces: string[] = []
  let piece = ''
  let depth = 0
  for (const [token] of source.matchAll(TOKEN)) {
    if (token === '(') depth++
    if (token === ')') depth--
    if (token === '|' && depth === 0) return undefined
    if (/^\.[*+]/.test(token)) {
      if (depth > 0) return undefined
      pieces.push(token.startsWith('.+') ? `${piece}.` : piece)
      piece = ''
    } else piece += token
  }
  pieces.push(piece)
  return pieces
}

function fixedLength(node: RegexNode): number | undefined {
  switch (node.kind) {
    case 'set':
      return isAstral(node.set) ? 2 : 1
    case 'edge':
      return 0
    case 'group':
      return fixedLength(node.body)
    case 'sequence':
      return total(node.items.map(fixedLength))
    case 'choice': {
      const lengths = new Set(node.branches.map(fixedLength))
      return lengths.size === 1 ? lengths.values().next().value : undefined
    }
    case 'repeat': {
      const length = fixedLength(node.body)
      return length === undefined || node.min !== node.max ? undefined : length * node.min
    }
    default:
      return node satisfies never
  }
}

/** One character that is two units of the host's texts. */
const isAstral = (set: CharacterSet): boolean =>
  set.length === 1 && (set[0]?.[0] ?? 0) > 0xffff && set[0]?.[0] === set[0]?.[1]

const total = (lengths: readonly (number | undefined)[]): number | undefined =>
  lengths.reduce<number | undefined>(
    (sum, length) => (sum === undefined || length === undefined ? undefined : sum + length),
    0,
  )
