import type { Difference } from './run-fuzz.ts'

interface Failed {
  readonly kind: string
  readonly code: string
}

const failed = (text: string): Failed | undefined =>
  text.startsWith('{"kind":"error"') ? (JSON.parse(text) as Failed) : undefined

/** A library function that is passed or chained as a value, not called. */
const FUNCTION_AS_VALUE = /(?:,|~>)\s*\$[a-zA-Z0-9]{2,}\s*[),~]/

/** An array that was empty and got a member that is nothing, also where it was written as text. */
const emptied = (answer: string): string => answer.replace(/\[(?:null|"<nothing>")\]/g, '[]')

/** An answer without the objects that a transform of the expression inserted. */
function withoutInserted(answer: string, text: string): string {
  const names = new Set([...text.matchAll(/\|\{"(\w+)":/g)].map(([, name]) => name))
  if (names.size === 0) return answer
  return JSON.stringify(JSON.parse(answer), (name, value) =>
    names.has(name) && typeof value === 'object' && value !== null ? 'inserted' : value,
  )
}

/** Why the two engines may differ; each class is described in docs/reference/expressions.md. Undefined: nothing explains it. */
export function explain({ text, ours, reference, changed }: Difference): string | undefined {
  const mine = failed(ours)
  const theirs = failed(reference)
  if (reference.includes('"<deep>"')) return 'cyclic'
  if (changed) return 'document-changed'
  if (theirs?.code === 'none') return 'host-error'
  if (mine !== undefined && theirs !== undefined && mine.code === theirs.code && FUNCTION_AS_VALUE.test(text))
    return 'remembered-call-site'
  if (mine !== undefined && theirs !== undefined && /[[{].*,.*[\]}]/.test(text)) return 'concurrent-members'
  if (mine === undefined && theirs === undefined && emptied(ours) === emptied(reference))
    return 'empty-array-grown'
  if (
    mine === undefined &&
    theirs === undefined &&
    withoutInserted(ours, text) === withoutInserted(reference, text)
  )
    return 'inserted-copy'
  return undefined
}
