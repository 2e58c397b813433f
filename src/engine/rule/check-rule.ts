import type { EventDefinition, PatternStep, RuleDefinition } from '../model/index.ts'
import { allSteps, mentionedNames, repeats } from '../pattern/index.ts'
import type { FieldReader } from './field-reader.ts'
import { type Located, nodeAt } from './located.ts'
import { subjectCovers } from './subject.ts'

/** What only the whole rule shows: parts that do not fit together, and parts that do nothing. */
export function checkRule(read: FieldReader, root: Located, rule: RuleDefinition): void {
  checkKeys(read, root, rule)
  checkUse(read, root, rule)
  checkSameEvents(read, root, rule)
  checkConstants(read, root, rule)
  checkEvidence(read, root, rule)
  checkTests(read, root, rule)
}

function checkKeys(read: FieldReader, root: Located, rule: RuleDefinition): void {
  for (const event of rule.events) {
    if (!event.by || event.by.length === rule.by.length) continue
    const message = `\`${event.name}\` has a key of ${event.by.length} part(s), the rule one of ${rule.by.length}: they can never be equal.`
    const hint =
      'name as many fields as `by` of the rule does, in the same order: `{ from: SUBJECT, by: [a, b] }`'
    read.error('by-parts-differ', nodeAt(root, `/events/${event.name}`), message, hint)
  }
}

function checkUse(read: FieldReader, root: Located, rule: RuleDefinition): void {
  const used = mentionedNames(rule.pattern)
  for (const event of rule.events) {
    if (used.has(event.name)) continue
    const hint = 'use it in the pattern, or remove it'
    read.warn(
      'event-unused',
      nodeAt(root, `/events/${event.name}`),
      `The pattern does not mention \`${event.name}\`.`,
      hint,
    )
  }
}

/** A greedy step takes every event that the next one could take when both have the same definition. */
function checkSameEvents(read: FieldReader, root: Located, rule: RuleDefinition): void {
  const events = new Map(rule.events.map((event) => [event.name, event]))
  const steps = [...allSteps(rule.pattern)]
  for (const [index, { step }] of steps.entries()) {
    const next = steps[index + 1]?.step
    if (!isGreedyLoop(step) || next?.kind !== 'event') continue
    for (const name of next.events) {
      const twin = step.events.find((other) => sameDefinition(events.get(other), events.get(name)))
      if (twin === undefined || next.events.length > 1) continue
      const message = `\`${name}\` is defined exactly as \`${twin}\`, which takes all of them first: \`${name}\` is never reached.`
      const at = nodeAt(root, `/events/${name}`)
      read.file.report({
        code: 'unreachable-step',
        severity: 'error',
        message,
        hint: `give \`${name}\` a condition of its own, or count \`${twin}\` with \`exactly\``,
        at: read.file.place(at, at.pointer),
      })
    }
  }
}

function isGreedyLoop(step: PatternStep): step is Extract<PatternStep, { kind: 'event' }> {
  return (
    step.kind === 'event' &&
    step.quantifier?.greedy === true &&
    repeats(step) &&
    step.quantifier.max === undefined
  )
}

function sameDefinition(left: EventDefinition | undefined, right: EventDefinition | undefined): boolean {
  if (!left || !right || left.from !== right.from) return false
  const text = (event: EventDefinition): string =>
    JSON.stringify([event.where?.text, event.by?.map((part) => part.text)])
  return text(left) === text(right)
}

/** Conditions that are constants: nothing ever gets through `false`, and `true` says nothing. */
function checkConstants(read: FieldReader, root: Located, rule: RuleDefinition): void {
  const conditions = [...rule.events.map((event) => event.where), rule.having]
  for (const condition of conditions) {
    if (condition?.text.trim() !== 'false') continue
    read.error(
      'rule-never-fires',
      nodeAt(root, condition.pointer),
      'This condition is never true, so the rule can never fire.',
      'write a condition that can hold, or set `status: disabled`',
    )
  }
}

/** `$distinct` of one value is that value: an alert's evidence would be a list today and a text tomorrow. */
function checkEvidence(read: FieldReader, root: Located, rule: RuleDefinition): void {
  for (const { value } of rule.alert.evidence.concat(rule.onTimeout?.evidence ?? [])) {
    if (!/^\$distinct\([^()]*\)$/.test(value.text.trim())) continue
    const message = '`$distinct(…)` of a single value is that value, not a list.'
    read.warn('evidence-scalar', nodeAt(root, value.pointer), message, `write \`${value.text.trim()}[]\``)
  }
}

function checkTests(read: FieldReader, root: Located, rule: RuleDefinition): void {
  if (rule.tests.length === 0) {
    const at = nodeAt(root, '/rule')
    read.warn(
      'no-tests',
      at,
      'The rule has no tests.',
      'add `tests:` with one case that alerts and one that does not',
    )
  }
  const evidence = rule.alert.evidence.concat(rule.onTimeout?.evidence ?? []).map(({ name }) => name)
  for (const test of rule.tests) {
    for (const [index, event] of test.events.entries()) {
      if (rule.events.some(({ from }) => subjectCovers(from, event.subject))) continue
      const at = nodeAt(root, `${test.pointer}/events/${index}/subject`)
      read.warn(
        'event-unused',
        at,
        `No event of the rule reads \`${event.subject}\`.`,
        'correct the subject, or remove the event',
      )
    }
    for (const [index, alert] of test.expect.entries()) {
      for (const name of Object.keys(alert.evidence ?? {})) {
        if (evidence.includes(name)) continue
        const list = nodeAt(root, `${test.pointer}/expect`).kind === 'list'
        const at = nodeAt(root, `${test.pointer}/expect${list ? `/${index}` : ''}/evidence/${name}`)
        read.error(
          'unknown-evidence',
          at,
          `The rule has no evidence \`${name}\`.`,
          'add it to `alert.evidence`, or correct the name',
        )
      }
    }
  }
}
