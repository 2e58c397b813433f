import type { AlertTemplate, RuleDefinition, SourceText } from '../model/index.ts'
import { canonicalPattern, listOf, printSentence, samePattern } from '../pattern/index.ts'

/** One difference between two versions of a rule. */
export interface RuleDifference {
  /** The key of the rule document. */
  readonly field: string
  /** The values as text, for people. */
  readonly before: string
  readonly after: string
  /** Whether partial matches of the old version go on under the new one. */
  readonly keepsPartialMatches: boolean
}

export interface RuleComparison {
  readonly changes: readonly RuleDifference[]
  readonly keepsPartialMatches: boolean
  /** One sentence. */
  readonly why: string
}

interface Field {
  readonly name: string
  /** Changing it changes what a partial match means. */
  readonly matching: boolean
  readonly text: (rule: RuleDefinition) => string
}

const FIELDS: readonly Field[] = [
  { name: 'rule', matching: true, text: (rule) => rule.id },
  { name: 'title', matching: false, text: (rule) => rule.title ?? '' },
  { name: 'description', matching: false, text: (rule) => rule.description ?? '' },
  { name: 'namespace', matching: false, text: (rule) => rule.namespace },
  { name: 'severity', matching: false, text: (rule) => rule.severity },
  { name: 'status', matching: false, text: (rule) => rule.status },
  { name: 'owner', matching: false, text: (rule) => rule.owner ?? '' },
  { name: 'tags', matching: false, text: (rule) => rule.tags.join(', ') },
  { name: 'runbook', matching: false, text: (rule) => rule.runbook ?? '' },
  { name: 'references', matching: false, text: (rule) => rule.references.join(', ') },
  { name: 'falsePositives', matching: false, text: (rule) => rule.falsePositives.join(', ') },
  { name: 'by', matching: true, text: (rule) => rule.by.map(said).join(', ') },
  { name: 'events', matching: true, text: eventsText },
  { name: 'pattern', matching: true, text: patternText },
  { name: 'having', matching: true, text: (rule) => (rule.having ? said(rule.having) : '') },
  { name: 'afterMatch', matching: true, text: (rule) => JSON.stringify(rule.afterMatch) },
  { name: 'suppress', matching: false, text: suppressText },
  { name: 'except', matching: false, text: exceptText },
  { name: 'alert', matching: false, text: (rule) => alertText(rule.alert) },
  { name: 'onTimeout', matching: false, text: (rule) => (rule.onTimeout ? alertText(rule.onTimeout) : '') },
  { name: 'limits', matching: false, text: (rule) => JSON.stringify(rule.limits) },
  {
    name: 'tests',
    matching: false,
    text: (rule) => JSON.stringify(rule.tests.map(({ line: _, ...test }) => test)),
  },
]

/** What has changed from one version of a rule to the next, and what becomes of its partial matches. */
export function compareRules(before: RuleDefinition, after: RuleDefinition): RuleComparison {
  const changes = FIELDS.flatMap(({ name, matching, text }): readonly RuleDifference[] => {
    const old = text(before)
    const now = text(after)
    const same = name === 'pattern' ? samePattern(before.pattern, after.pattern) : old === now
    if (same) return []
    // Reports of timeouts that begin or end change what the matcher keeps; their text does not.
    const started = name === 'onTimeout' && (old === '') !== (now === '')
    return [{ field: name, before: old, after: now, keepsPartialMatches: !matching && !started }]
  })
  const breaking = changes.filter((change) => !change.keepsPartialMatches).map(({ field }) => `\`${field}\``)
  const keepsPartialMatches = breaking.length === 0
  const why =
    changes.length === 0
      ? 'Nothing has changed.'
      : keepsPartialMatches
        ? 'No change touches what is matched: partial matches go on under the new version.'
        : `${listOf(breaking, 'and')} decide${breaking.length === 1 ? 's' : ''} what is matched: partial matches of the old version mean something else.`
  return { changes, keepsPartialMatches, why }
}

/** White space and line breaks of an expression do not count. */
const said = (source: SourceText): string => source.text.trim().replaceAll(/\s+/g, ' ')

/** In the order written: state names events by their place. */
function eventsText(rule: RuleDefinition): string {
  return rule.events
    .map(({ name, from, by, where }) => {
      const key = by ? ` by ${by.map(said).join(', ')}` : ''
      return `${name}: ${from}${key}${where ? ` where ${said(where)}` : ''}`
    })
    .join('\n')
}

function patternText(rule: RuleDefinition): string {
  return printSentence(rule.pattern) ?? JSON.stringify(canonicalPattern(rule.pattern))
}

function suppressText({ suppress }: RuleDefinition): string {
  if (suppress === false) return 'false'
  return JSON.stringify({ forMs: suppress.forMs, by: suppress.by?.map(said) })
}

function exceptText({ except }: RuleDefinition): string {
  return JSON.stringify(except.map((exception) => ({ ...exception, when: said(exception.when) })))
}

function alertText(alert: AlertTemplate): string {
  const evidence = alert.evidence.map(({ name, value }) => [name, said(value)])
  return JSON.stringify({ ...alert, message: alert.message?.text, evidence })
}
