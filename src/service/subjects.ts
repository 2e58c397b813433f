export { subjectMatches } from '../engine/index.ts'

/** Whether some concrete subject is taken by both filters. */
export function subjectsOverlap(left: string, right: string): boolean {
  const one = left.split('.')
  const other = right.split('.')
  for (let index = 0; ; index += 1) {
    const a = one[index]
    const b = other[index]
    if (a === undefined || b === undefined) return a === b
    if (a === '>' || b === '>') return true
    if (a !== '*' && b !== '*' && a !== b) return false
  }
}

/** Whether the text is a subject that a message can be published to: no wildcards, no empty tokens, nothing unprintable. */
export const isConcreteSubject = (text: string): boolean =>
  text.length <= 256 && /^[^\s.*>$\p{Cc}][^\s.*>\p{Cc}]*(\.[^\s.*>\p{Cc}]+)*$/u.test(text)

/** Subjects of Sequitur itself: the alert log's and the control entries of the input log. */
export const RESERVED_SUBJECTS = ['alerts.>', 'shadow.alerts.>', 'withheld.alerts.>', 'sequitur.>'] as const

export const isReservedSubject = (filter: string): boolean =>
  filter.startsWith('$') || RESERVED_SUBJECTS.some((reserved) => subjectsOverlap(reserved, filter))
