/** What a stored row holds, from its id. Except in `rule`, a rule is named as its version's rows are: by its id, or `<id>@<version>`. */
export type RowKind =
  | { readonly kind: 'meta' }
  | { readonly kind: 'rule'; readonly rule: string }
  | { readonly kind: 'extras'; readonly rule: string }
  | { readonly kind: 'key'; readonly rule: string; readonly key: string }
  | { readonly kind: 'page'; readonly rule: string; readonly page: number; readonly key: string }
  | { readonly kind: 'suppression'; readonly rule: string; readonly key: string }
  | { readonly kind: 'list'; readonly list: string; readonly value: string }
  | { readonly kind: 'list-version'; readonly list: string }
  | { readonly kind: 'silence'; readonly id: string }
  | { readonly kind: 'events'; readonly number: number }
  | { readonly kind: 'buffered'; readonly number: number }

export const META = 'm'
export const ruleRow = (rule: string): string => `r/${rule}`
export const extrasRow = (rule: string): string => `x/${rule}`
export const keyPrefix = (rule: string): string => `k/${rule}/`
export const pageRow = (rule: string, page: number, key: string): string => `p/${rule}/${page}/${key}`
export const suppressionRow = (rule: string, key: string): string => `s/${rule}/${key}`
export const listRow = (list: string, value: string): string => `l/${list.length}/${list}/${value}`
export const listVersionRow = (list: string): string => `v/${list}`
export const silenceRow = (id: string): string => `q/${id}`
export const eventsRow = (number: number): string => `e/${number}`
export const bufferedRow = (number: number): string => `b/${number}`

/** Rule ids hold no slash; keys may. Undefined for a row of an unknown kind. */
export function parseRowId(id: string): RowKind | undefined {
  if (id === META) return { kind: 'meta' }
  const rest = id.slice(2)
  const slash = rest.indexOf('/')
  const head = rest.slice(0, slash)
  const tail = rest.slice(slash + 1)
  switch (id.slice(0, 2)) {
    case 'r/':
      return { kind: 'rule', rule: rest }
    case 'x/':
      return { kind: 'extras', rule: rest }
    case 'k/':
      return { kind: 'key', rule: head, key: tail }
    case 'p/': {
      const next = tail.indexOf('/')
      return { kind: 'page', rule: head, page: Number(tail.slice(0, next)), key: tail.slice(next + 1) }
    }
    case 's/':
      return { kind: 'suppression', rule: head, key: tail }
    case 'l/':
      return { kind: 'list', list: tail.slice(0, Number(head)), value: tail.slice(Number(head) + 1) }
    case 'v/':
      return { kind: 'list-version', list: rest }
    case 'q/':
      return { kind: 'silence', id: rest }
    case 'e/':
      return { kind: 'events', number: Number(rest) }
    case 'b/':
      return { kind: 'buffered', number: Number(rest) }
    default:
      return undefined
  }
}
