import type { CharacterSet } from './character-set.ts'
import type { RegexNode } from './syntax.ts'

/**
 * The same regular expression for RE2, with every set written out: what `.`, `\s`, `\a` or the `i` flag mean must not depend on the
 * engine that runs it.
 */
export function re2Source(node: RegexNode): string {
  switch (node.kind) {
    case 'set':
      return setSource(node.set)
    case 'edge':
      return node.text
    case 'group':
      return `${node.captures ? '(' : '(?:'}${re2Source(node.body)})`
    case 'sequence':
      return node.items.map(re2Source).join('')
    case 'choice':
      return node.branches.map(re2Source).join('|')
    case 'repeat':
      return repeatSource(node)
    default:
      return node satisfies never
  }
}

function repeatSource({ body, min, max, lazy }: Extract<RegexNode, { kind: 'repeat' }>): string {
  // RE2 takes no quantifier on `^` or `$`, and none on what a quantifier ends.
  const inner = body.kind === 'set' || body.kind === 'group' ? re2Source(body) : `(?:${re2Source(body)})`
  return `${inner}${amount(min, max)}${lazy ? '?' : ''}`
}

function amount(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}

const NOTHING = '[^\\x{0}-\\x{10FFFF}]'

function setSource(set: CharacterSet): string {
  const [range] = set
  if (range === undefined) return NOTHING
  if (set.length === 1 && range[0] === range[1]) return character(range[0])
  return `[${set.map(([first, last]) => (first === last ? character(first) : `${character(first)}-${character(last)}`)).join('')}]`
}

function character(code: number): string {
  const text = String.fromCodePoint(code)
  return /^[A-Za-z0-9]$/.test(text) ? text : `\\x{${code.toString(16)}}`
}
