import type { EventData, JsonObject, JsonValue, Match, StepAccess, StreamEvent } from '../model/index.ts'
import { EVENT } from '../model/index.ts'
import { keyParts } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'

/** Stands where the value of a redacted field would. */
export const HIDDEN = '[redacted]'

/**
 * A copy without the values of the named fields, at any depth. A text that holds JSON with such a field is hidden whole: producers put
 * documents into fields.
 */
export function redacted(value: JsonValue, fields: ReadonlySet<string>): JsonValue {
  if (fields.size === 0) return value
  if (typeof value === 'string') return holdsField(value, fields) ? HIDDEN : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => redacted(item, fields))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      fields.has(name) ? HIDDEN : redacted(member, fields),
    ]),
  )
}

/** Whether a text that is no JSON by itself names a field as JSON does, however often it was escaped. */
export function holdsField(text: string, fields: ReadonlySet<string>): boolean {
  for (const name of fields) {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const before = text[at - 1]
      const behind = text[at + name.length]
      if ((before === '"' || before === "'") && (behind === '"' || behind === "'" || behind === '\\'))
        return true
    }
  }
  return false
}

/** Whether an expression names a redacted field, as a word of its own: what it makes of it is hidden, whatever that is. */
export function namesHidden(source: string, fields: ReadonlySet<string>): boolean {
  for (const name of fields)
    for (let at = source.indexOf(name); at >= 0; at = source.indexOf(name, at + 1))
      if (!isWord(source[at - 1]) && !isWord(source[at + name.length])) return true
  return false
}

const isWord = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}_]/u.test(character)

/** Whether some part of a rule's key is the value of a redacted field. */
export const hidesKey = (program: RuleProgram, fields: ReadonlySet<string>): boolean =>
  program.keyNames.some((_, part) => hidesPart(program, part, fields))

/** The parts of a canonical key as they may be shown. */
export const shownKey = (program: RuleProgram, key: string, fields: ReadonlySet<string>): JsonValue[] =>
  keyParts(key).map((value, part) => (hidesPart(program, part, fields) ? HIDDEN : value))

const hidesPart = ({ keyNames, events }: RuleProgram, part: number, fields: ReadonlySet<string>): boolean =>
  fields.size > 0 &&
  (namesHidden(keyNames[part] ?? '', fields) ||
    events.some(({ key }) => namesHidden(key[part]?.source ?? '', fields)))

/** Messages of the language quote values. */
export const withoutValues = (message: string): string =>
  message.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\w.+-]*/g, `"${HIDDEN}"`)

/** A match as texts and evidence may see it: expressions that read whole events find no hidden value in them. */
export function redactedSteps(match: Match, fields: ReadonlySet<string>): StepAccess {
  const known = new Map<StreamEvent, StreamEvent>()
  const shown = (event: StreamEvent): StreamEvent => {
    let copy = known.get(event)
    if (copy === undefined) {
      copy = redactedEvent(event, fields)
      known.set(event, copy)
    }
    return copy
  }
  return {
    taken: (slot) => match.taken(slot).map(shown),
    count: (slot) => match.count(slot),
  }
}

function redactedEvent(event: StreamEvent, fields: ReadonlySet<string>): StreamEvent {
  const { id, sequence, time, subject, ingestedAt, attributes } = event
  const data = redacted(event.data, fields) as EventData
  const copy: StreamEvent = {
    id,
    sequence,
    time,
    subject,
    ingestedAt,
    data,
    ...(attributes === undefined
      ? {}
      : { attributes: redacted(attributes as JsonObject, fields) as Readonly<Record<string, string>> }),
  }
  data[EVENT] = copy
  return copy
}
