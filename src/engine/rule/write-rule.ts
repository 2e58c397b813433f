import { stringify } from 'yaml'
import type {
  AfterMatch,
  AlertTemplate,
  EventDefinition,
  ExpectedAlert,
  JsonObject,
  JsonValue,
  RuleDefinition,
  RuleTest,
  SourceText,
} from '../model/index.ts'
import { canonicalPattern, formatDuration, longestLimit, printSentence } from '../pattern/index.ts'
import { setOwn } from './located.ts'
import { DEFAULT_NAMESPACE } from './read-rule.ts'

export interface WriteOptions {
  /** `sentence` (default) falls back to the structural form where a sentence cannot say the pattern. */
  readonly pattern?: 'sentence' | 'structural'
}

/** The rule as a document; reading it gives the same rule. Comments of the author's file are not known here (see `setField`). */
export function writeRule(rule: RuleDefinition, format: 'yaml' | 'json', options: WriteOptions = {}): string {
  const document = ruleDocument(rule, options)
  if (format === 'json') return `${JSON.stringify(document, null, 2)}\n`
  return stringify(document, { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false })
}

/** The rule as JSON values, in the keys of the notation. */
export function ruleDocument(rule: RuleDefinition, options: WriteOptions = {}): JsonObject {
  const document: JsonObject = { rule: rule.id }
  const set = (key: string, value: JsonValue | undefined): void => {
    if (value !== undefined) setOwn(document, key, value)
  }
  set('title', rule.title)
  set('description', rule.description)
  set('namespace', rule.namespace === DEFAULT_NAMESPACE ? undefined : rule.namespace)
  set('severity', rule.severity)
  set('status', rule.status)
  set('owner', rule.owner)
  set('tags', filled(rule.tags))
  set('runbook', rule.runbook)
  set('references', filled(rule.references))
  set('falsePositives', filled(rule.falsePositives))
  set('by', keyDocument(rule.by))
  set('events', object(rule.events.map((event) => [event.name, eventDocument(event)])))
  set('pattern', patternDocument(rule, options))
  set('having', rule.having?.text)
  set('afterMatch', afterMatchDocument(rule.afterMatch))
  set('suppress', suppressDocument(rule))
  set('except', filled(rule.except.map(({ when, ...rest }) => ({ ...rest, when: when.text }))))
  set('alert', alertDocument(rule.alert))
  set('onTimeout', rule.onTimeout ? (alertDocument(rule.onTimeout) ?? {}) : undefined)
  set('limits', Object.keys(rule.limits).length > 0 ? { ...rule.limits } : undefined)
  set('tests', filled(rule.tests.map(testDocument)))
  return document
}

const filled = (items: readonly JsonValue[]): JsonValue[] | undefined =>
  items.length > 0 ? [...items] : undefined

function object(entries: ReadonlyArray<readonly [string, JsonValue]>): JsonObject {
  const result: JsonObject = {}
  for (const [key, value] of entries) setOwn(result, key, value)
  return result
}

function keyDocument(parts: readonly SourceText[]): JsonValue {
  const [only] = parts
  return parts.length === 1 && only ? only.text : parts.map(({ text }) => text)
}

function eventDocument({ from, by, where }: EventDefinition): JsonValue {
  // A key with spaces could be taken for the start of another clause.
  if (by && (by.length > 1 || /\s/.test(by[0]?.text ?? ''))) {
    return { from, by: keyDocument(by), ...(where ? { where: where.text } : {}) }
  }
  const key = by?.[0] ? ` by ${by[0].text}` : ''
  return `${from}${key}${where ? ` where ${where.text}` : ''}`
}

function patternDocument(rule: RuleDefinition, options: WriteOptions): JsonValue {
  const sentence =
    options.pattern === 'structural' ? undefined : (rule.sentence ?? printSentence(rule.pattern))
  // A pattern is plain JSON by its type.
  return sentence ?? (canonicalPattern(rule.pattern) as unknown as JsonObject)
}

function afterMatchDocument(afterMatch: AfterMatch): JsonValue | undefined {
  if (afterMatch.kind === 'skip-past-last-event') return undefined
  if (afterMatch.kind !== 'skip-to-first' && afterMatch.kind !== 'skip-to-last') return afterMatch.kind
  return { [afterMatch.kind]: afterMatch.step, ...(afterMatch.orFail === true ? { orFail: true } : {}) }
}

function suppressDocument({ suppress, pattern }: RuleDefinition): JsonValue | undefined {
  const limit = pattern.withinMs ?? longestLimit(pattern)
  if (suppress === false) return limit === undefined ? undefined : false
  if (suppress.forMs === limit && !suppress.by) return undefined
  return { for: formatDuration(suppress.forMs), ...(suppress.by ? { by: keyDocument(suppress.by) } : {}) }
}

function alertDocument(alert: AlertTemplate): JsonObject | undefined {
  const document: JsonObject = {
    ...(alert.message ? { message: alert.message.text } : {}),
    ...(alert.subject === undefined ? {} : { subject: alert.subject }),
    ...(alert.evidence.length > 0
      ? { evidence: object(alert.evidence.map(({ name, value }) => [name, value.text])) }
      : {}),
    ...(alert.includeEvents ? { includeEvents: true } : {}),
  }
  return Object.keys(document).length > 0 ? document : undefined
}

function testDocument(test: RuleTest): JsonObject {
  const lists = Object.entries(test.lists)
  return {
    name: test.name,
    ...(lists.length > 0 ? { lists: object(lists.map(([name, values]) => [name, [...values]])) } : {}),
    events: test.events.map(({ atMs, subject, data, times, everyMs }) => ({
      at: formatDuration(atMs),
      subject,
      ...(Object.keys(data).length > 0 ? { data } : {}),
      ...(times > 1 ? { times, every: formatDuration(everyMs) } : {}),
    })),
    ...(test.untilMs === undefined ? {} : { until: formatDuration(test.untilMs) }),
    expect: expectDocument(test.expect),
  }
}

function expectDocument(expected: readonly ExpectedAlert[]): JsonValue {
  const alerts = expected.map(
    ({ atMs, ...rest }): JsonObject => ({
      ...(atMs === undefined ? {} : { at: formatDuration(atMs) }),
      ...rest,
    }),
  )
  const [only] = alerts
  if (!only) return 'none'
  return alerts.length === 1 ? only : alerts
}
