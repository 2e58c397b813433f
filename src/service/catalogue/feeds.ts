import type { Problem } from '../../engine/index.ts'
import { subjectsOverlap } from '../subjects.ts'

/** A warning for every subject of a rule that the input log does not take, whatever is published. */
export function unfedSubjects(
  rule: { readonly id: string; readonly subjects: readonly string[] },
  fed: readonly string[],
  file?: string,
): readonly Problem[] {
  return rule.subjects
    .filter((subject) => !fed.some((filter) => subjectsOverlap(filter, subject)))
    .map((subject) => ({
      code: 'subject-not-fed',
      severity: 'warning',
      message: `${rule.id} reads ${subject}, and the input log takes nothing from there`,
      hint: `the input log takes ${fed.join(', ') || 'nothing'}; add the subject to input.subjects or name a stream in input.sourceStreams`,
      at: { ...(file === undefined ? {} : { file }), pointer: '/events' },
    }))
}
