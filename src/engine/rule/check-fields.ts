import { isMetadata } from '../expression/index.ts'
import {
  type EventDefinition,
  type JsonValue,
  nearest,
  type Problem,
  type RuleDefinition,
  type SourceText,
  sourcePlace,
} from '../model/index.ts'
import type { RuleCode } from './codes.ts'
import { subjectCovers } from './subject.ts'

type Path = readonly string[]

/** Fields that an expression reads from the events of one definition. */
export interface FieldsRead {
  readonly event: EventDefinition
  readonly source: SourceText
  /** `$name` in the text, or undefined for bare names of the event at hand. */
  readonly step: string | undefined
  readonly paths: readonly Path[]
}

/**
 * A field that no sample has is most likely misspelt. Samples are the events of the rule's own tests; events without any are not
 * judged, so a rule whose tests name every field it reads gets no warning.
 */
export function checkFields(rule: RuleDefinition, read: readonly FieldsRead[]): readonly Problem[] {
  const samples = new Map<string, readonly JsonValue[]>()
  const problems = new Map<string, Problem>()
  for (const { event, source, step, paths } of read) {
    const known = samples.get(event.from) ?? samplesOf(rule, event.from)
    samples.set(event.from, known)
    if (known.length === 0) continue
    for (const path of paths) {
      if (isMetadata(path[0] ?? '')) continue
      const miss = missing(known, path)
      if (miss === undefined) continue
      const asked = read.some(
        (other) => other.event === event && asksPresence(other.source.text, other.step, path),
      )
      if (asked && miss.meant === undefined) continue
      const span = spanOf(source.text, step, path.slice(0, miss.depth + 1))
      const at = sourcePlace(source, span)
      const problem = problemOf(event, path, miss, at)
      problems.set(`${at.pointer}\0${span.offset}\0${event.from}\0${path.join('\0')}`, problem)
    }
  }
  return [...problems.values()]
}

function problemOf(event: EventDefinition, path: Path, miss: Missing, at: Problem['at']): Problem {
  const code: RuleCode = 'field-not-in-samples'
  const meant = miss.meant === undefined ? undefined : [...path.slice(0, miss.depth), miss.meant].join('.')
  return {
    code,
    severity: 'warning',
    message: `\`${path.slice(0, miss.depth + 1).join('.')}\` is in no event of the tests that \`${event.name}\` (\`${event.from}\`) reads.`,
    hint:
      meant === undefined
        ? 'correct the name, or give the field to an event of the tests'
        : `did you mean \`${meant}\`? If not, give the field to an event of the tests`,
    at,
  }
}

function samplesOf(rule: RuleDefinition, from: string): readonly JsonValue[] {
  return rule.tests.flatMap(({ events }) =>
    events.flatMap(({ subject, data }) => (subjectCovers(from, subject) ? [data] : [])),
  )
}

interface Missing {
  /** Index of the first name that nothing has. */
  readonly depth: number
  /** What is there under a similar name. */
  readonly meant: string | undefined
}

function missing(samples: readonly JsonValue[], path: Path): Missing | undefined {
  let reached = samples
  for (const [depth, name] of path.entries()) {
    const objects = reached.flatMap(objectsIn)
    const next = objects.flatMap((object) => (Object.hasOwn(object, name) ? [object[name] ?? null] : []))
    if (next.length === 0) {
      return { depth, meant: nearest(name, new Set(objects.flatMap((object) => Object.keys(object)))) }
    }
    // What is nothing here, or an empty list, may be an object elsewhere.
    if (next.some((value) => value === null || (Array.isArray(value) && value.length === 0))) return undefined
    reached = next
  }
  return undefined
}

/** A path goes through lists to the objects in them. */
function objectsIn(value: JsonValue): ReadonlyArray<Readonly<Record<string, JsonValue>>> {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  return value !== null && typeof value === 'object' ? [value as Readonly<Record<string, JsonValue>>] : []
}

const escaped = (text: string): string => text.replace(/[^\w\s]/g, '\\$&')

const start = (step: string | undefined): string =>
  step === undefined ? '(?<![\\w.$`])(?:\\$\\$?\\s*\\.\\s*)?' : `\\$${escaped(step)}\\s*\\.\\s*`

/** A name as it can be written. */
const written = (name: string): string =>
  /^\w+$/.test(name) ? `(?:\`${name}\`|${name})` : `\`${escaped(name)}\``

/** Who asks whether a field is there knows that it can be missing. */
function asksPresence(text: string, step: string | undefined, path: Path): boolean {
  const whole = path.map(written).join('\\s*\\.\\s*')
  return new RegExp(`\\$exists\\(\\s*${start(step)}${whole}\\s*\\)`).test(text)
}

/** Where the last name of a path stands in the text; the whole text where it cannot be found. */
function spanOf(
  text: string,
  step: string | undefined,
  path: Path,
): { readonly offset: number; readonly length: number } {
  const blank = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (literal) => ' '.repeat(literal.length))
  const before = path.slice(0, -1).map((name) => `${written(name)}\\s*(?:\\[[^\\]]*\\]\\s*)*\\.\\s*`)
  const last = written(path.at(-1) ?? '')
  const found = new RegExp(`${start(step)}${before.join('')}(${last})(?![\\w\`])`).exec(blank)
  const name = found?.[1]
  if (found === null || name === undefined) return { offset: 0, length: text.length }
  return { offset: found.index + found[0].length - name.length, length: name.length }
}
