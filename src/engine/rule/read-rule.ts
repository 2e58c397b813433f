import type {
  AfterMatch,
  AlertTemplate,
  EventDefinition,
  Pattern,
  RuleDefinition,
  RuleLimits,
  RuleStatus,
  Severity,
  SourceText,
} from '../model/index.ts'
import { durationMs } from '../model/index.ts'
import { longestLimit } from '../pattern/index.ts'
import { checkRule } from './check-rule.ts'
import { draftProblems } from './draft-expressions.ts'
import type { FieldReader, Fields } from './field-reader.ts'
import type { Located } from './located.ts'
import { NO_ALERT_TEXT, readAlert, readExceptions, readSuppress } from './read-alert.ts'
import { readEvents, readKey } from './read-events.ts'
import { readRulePattern } from './read-rule-pattern.ts'
import { readTests, SEVERITIES } from './read-tests.ts'

export const STATUSES = ['draft', 'shadow', 'live', 'disabled'] as const satisfies readonly RuleStatus[]
export const DEFAULT_NAMESPACE = 'default'
const DEFAULT_SEVERITY: Severity = 'medium'

type Draft<T> = { -readonly [Key in keyof T]?: T[Key] }
type RuleDraft = Draft<RuleDefinition>

/** The keys of a rule document. */
export const RULE_KEYS = [
  'rule',
  'title',
  'description',
  'namespace',
  'severity',
  'status',
  'owner',
  'tags',
  'runbook',
  'references',
  'falsePositives',
  'by',
  'events',
  'pattern',
  'having',
  'afterMatch',
  'suppress',
  'except',
  'alert',
  'onTimeout',
  'limits',
  'tests',
] as const

const SYNONYMS = {
  id: 'write `rule`',
  name: 'write `rule` for the id, `title` for people',
  key: 'write `by`',
  groupBy: 'write `by`',
  condition: 'conditions stand in `events:` behind `where`; one on the whole match is `having`',
  where: 'conditions stand in `events:` behind `where`; one on the whole match is `having`',
  within: 'the time limit stands in the pattern: `pattern: a followed by b within 5 minutes`',
  enabled: 'write `status: live` or `status: disabled`',
  level: 'write `severity`',
  sequence: 'write `pattern`',
  version: 'every write of a rule makes a new version; the document has none',
}

/** One rule from its document. Reports everything that is wrong with it; undefined when something is. */
export function readRule(read: FieldReader, root: Located): RuleDefinition | undefined {
  const draft: RuleDraft = {}
  const nodes: { pattern?: Located; afterMatch?: Located } = {}
  const before = read.file.problems.length
  const shape = { what: 'a rule', required: ['rule', 'by', 'events', 'pattern'], synonyms: SYNONYMS }
  if (!read.map(root, ruleFields(read, draft, nodes), shape)) return undefined
  // The pattern is checked against the events, wherever in the document these stand.
  const names = eventNames(root)
  const afterMatch = readAfterMatch(read, nodes.afterMatch)
  const limits = draft.limits ?? {}
  if (nodes.pattern)
    readRulePattern(read, nodes.pattern, draft, {
      names,
      afterMatch,
      limits,
      afterMatchNode: nodes.afterMatch,
    })
  const rule = complete(draft, afterMatch)
  if (rule) checkRule(read, root, rule)
  const failed = read.file.problems.slice(before).some(({ severity }) => severity === 'error')
  if (!failed) return rule
  for (const problem of draftProblems(draft, names)) read.file.report(problem)
  return undefined
}

/** Names as written, so that one bad definition does not make its name unknown as well. */
function eventNames(root: Located): readonly string[] | undefined {
  const events = root.kind === 'map' ? root.entries.find(({ key }) => key === 'events')?.value : undefined
  return events?.kind === 'map' ? events.entries.map(({ key }) => key) : undefined
}

function ruleFields(
  read: FieldReader,
  draft: RuleDraft,
  nodes: { pattern?: Located; afterMatch?: Located },
): Fields & Readonly<Record<(typeof RULE_KEYS)[number], Fields[string]>> {
  const set = <Key extends keyof RuleDraft>(key: Key, value: RuleDraft[Key] | undefined): void => {
    if (value !== undefined) draft[key] = value
  }
  const text = (key: 'title' | 'description' | 'owner' | 'runbook', max: number) => (node: Located) => {
    set(key, read.text(node, max))
  }
  const texts = (key: 'tags' | 'references' | 'falsePositives', what: string) => (node: Located) => {
    set(key, read.texts(node, what, 64))
  }
  return {
    // Editors put the schema there in JSON, where there are no modelines.
    $schema: () => {},
    rule: (node) => {
      set('id', readToken(read, node, 'A rule id'))
    },
    title: text('title', 256),
    description: text('description', 8_192),
    namespace: (node) => {
      set('namespace', readToken(read, node, 'A namespace'))
    },
    severity: (node) => {
      set('severity', read.choice(node, SEVERITIES))
    },
    status: (node) => {
      set('status', read.choice(node, STATUSES))
    },
    owner: text('owner', 256),
    tags: texts('tags', 'tags'),
    runbook: text('runbook', 2_048),
    references: texts('references', 'references'),
    falsePositives: texts('falsePositives', 'texts'),
    by: (node) => {
      set('by', readKey(read, node))
    },
    events: (node) => {
      set('events', readEvents(read, node))
    },
    pattern: (node) => {
      nodes.pattern = node
    },
    having: (node) => {
      set('having', read.source(node))
    },
    afterMatch: (node) => {
      nodes.afterMatch = node
    },
    suppress: (node) => {
      set('suppress', readSuppress(read, node))
    },
    except: (node) => {
      set('except', readExceptions(read, node))
    },
    alert: (node) => {
      set('alert', readAlert(read, node, '`alert`'))
    },
    onTimeout: (node) => {
      set('onTimeout', readAlert(read, node, '`onTimeout`'))
    },
    limits: (node) => {
      set('limits', readLimits(read, node))
    },
    tests: (node) => {
      set('tests', readTests(read, node))
    },
  }
}

/** Ids and namespaces are tokens of alert subjects. */
export function readToken(read: FieldReader, node: Located, what: string): string | undefined {
  const text = read.text(node)
  if (text === undefined || /^[a-z0-9][a-z0-9_-]{0,63}$/.test(text)) return text
  const near = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  const hint = near === '' ? 'write for example `card-testing`' : `write \`${near}\``
  return read.error(
    'bad-name',
    node,
    `${what} has lower-case letters, digits, \`-\` and \`_\`, at most 64.`,
    hint,
  )
}

function readLimits(read: FieldReader, node: Located): RuleLimits {
  const limits: Draft<RuleLimits> = {}
  read.map(
    node,
    {
      partialMatchesMax: (value) => {
        const max = read.integer(value, 1, 10_000_000)
        if (max !== undefined) limits.partialMatchesMax = max
      },
      unbounded: (value) => {
        const unbounded = read.boolean(value)
        if (unbounded !== undefined) limits.unbounded = unbounded
      },
    },
    { what: '`limits`', synonyms: { within: 'the time limit stands in the pattern: `… within 5 minutes`' } },
  )
  return limits
}

const SKIPS = ['skip-past-last-event', 'skip-to-next', 'no-skip'] as const
const TARGETS = ['skip-to-first', 'skip-to-last'] as const
const DEFAULT_SKIP: AfterMatch = { kind: 'skip-past-last-event' }

function readAfterMatch(read: FieldReader, node: Located | undefined): AfterMatch {
  if (!node) return DEFAULT_SKIP
  if (node.kind !== 'map') {
    const target = TARGETS.find((kind) => node.kind === 'scalar' && node.value === kind)
    if (target !== undefined) {
      read.error(
        'bad-after-match',
        node,
        `\`${target}\` needs a step.`,
        `write \`afterMatch: { ${target}: STEP }\``,
      )
      return DEFAULT_SKIP
    }
    const kind = read.choice(node, SKIPS)
    return kind === undefined ? DEFAULT_SKIP : { kind }
  }
  const found: Array<{ readonly kind: (typeof TARGETS)[number]; readonly step: string }> = []
  let orFail: boolean | undefined
  const target = (kind: (typeof TARGETS)[number]) => (value: Located) => {
    const step = read.text(value)
    if (step !== undefined) found.push({ kind, step })
  }
  const fields: Fields = {
    'skip-to-first': target('skip-to-first'),
    'skip-to-last': target('skip-to-last'),
    orFail: (value) => {
      orFail = read.boolean(value)
    },
  }
  read.map(node, fields, { what: '`afterMatch`' })
  const [only] = found
  if (found.length === 1 && only) return { ...only, ...(orFail === true ? { orFail } : {}) }
  read.error(
    'bad-after-match',
    node,
    '`afterMatch` names one step to skip to.',
    'write `{ skip-to-first: STEP }` or `{ skip-to-last: STEP }`',
  )
  return DEFAULT_SKIP
}

function complete(draft: RuleDraft, afterMatch: AfterMatch): RuleDefinition | undefined {
  const { id, by, events, pattern } = draft
  if (id === undefined || !by || !events || !pattern) return undefined
  return withDefaults({ ...draft, id, by, events, pattern, afterMatch })
}

interface RuleCore {
  readonly id: string
  readonly by: readonly SourceText[]
  readonly events: readonly EventDefinition[]
  readonly pattern: Pattern
}

/** Fills in what the author left out. Suppression defaults to the pattern's own time limit, per key. */
export function withDefaults(rule: Draft<RuleDefinition> & RuleCore): RuleDefinition {
  const limit = rule.pattern.withinMs ?? longestLimit(rule.pattern)
  const alert: AlertTemplate = rule.alert ?? NO_ALERT_TEXT
  return {
    ...rule,
    namespace: rule.namespace ?? DEFAULT_NAMESPACE,
    severity: rule.severity ?? DEFAULT_SEVERITY,
    status: rule.status ?? 'draft',
    tags: rule.tags ?? [],
    references: rule.references ?? [],
    falsePositives: rule.falsePositives ?? [],
    afterMatch: rule.afterMatch ?? DEFAULT_SKIP,
    suppress: rule.suppress ?? (limit === undefined ? false : { forMs: durationMs(limit) }),
    except: rule.except ?? [],
    alert,
    limits: rule.limits ?? {},
    tests: rule.tests ?? [],
  }
}
