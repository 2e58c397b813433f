import type { AlertTemplate, RuleException, SourceText, Suppression } from '../model/index.ts'
import type { FieldReader } from './field-reader.ts'
import type { Located } from './located.ts'
import { readKey } from './read-events.ts'
import { subjectTrouble } from './subject.ts'

const EVIDENCE_MAX = 64
const EXCEPTIONS_MAX = 64

export const NO_ALERT_TEXT: AlertTemplate = { evidence: [], includeEvents: false }

/** `alert:` or `onTimeout:`. */
export function readAlert(read: FieldReader, node: Located, what: string): AlertTemplate {
  let message: SourceText | undefined
  let subject: string | undefined
  let evidence: AlertTemplate['evidence'] = []
  let includeEvents = false
  read.map(
    node,
    {
      message: (value) => {
        message = read.source(value, 'text')
      },
      subject: (value) => {
        subject = readAlertSubject(read, value)
      },
      evidence: (value) => {
        evidence = readEvidence(read, value)
      },
      includeEvents: (value) => {
        includeEvents = read.boolean(value) ?? false
      },
    },
    {
      what,
      synonyms: {
        text: 'write `message`',
        severity: 'the severity stands at the top of the rule',
        title: 'the title stands at the top of the rule',
      },
    },
  )
  return {
    ...(message ? { message } : {}),
    ...(subject === undefined ? {} : { subject }),
    evidence,
    includeEvents,
  }
}

function readAlertSubject(read: FieldReader, node: Located): string | undefined {
  const subject = read.text(node)
  if (subject === undefined) return undefined
  const hint = 'write for example `alerts.payments.not-captured`; the severity is added as the last token'
  if (!subject.startsWith('alerts.'))
    return read.error('bad-subject', node, 'The subject of an alert starts with `alerts.`.', hint)
  const trouble = /[*>]/.test(subject) ? 'The subject of an alert has no wildcards.' : subjectTrouble(subject)
  return trouble === undefined ? subject : read.error('bad-subject', node, trouble, hint)
}

function readEvidence(read: FieldReader, node: Located): AlertTemplate['evidence'] {
  if (node.kind !== 'map') {
    read.wrongType(node, 'a map of names and expressions (`amount: $payment.amount`)')
    return []
  }
  if (node.entries.length > EVIDENCE_MAX) {
    read.error('too-many', node, `An alert has at most ${EVIDENCE_MAX} pieces of evidence.`)
    return []
  }
  return node.entries.flatMap((entry) => {
    const cut = read.splitHint(node, entry)
    if (!/^[A-Za-z_][\w-]{0,63}$/.test(entry.key)) {
      const hint = cut ?? 'names have letters, digits, `_` and `-`'
      read.file.error(
        'bad-name',
        { ...entry.keyRange, pointer: entry.value.pointer },
        `\`${entry.key}\` cannot name a piece of evidence.`,
        hint,
      )
      return []
    }
    const value = read.source(entry.value)
    return value ? [{ name: entry.key, value }] : []
  })
}

/** `suppress: { for, by }` or `suppress: false`. Undefined when it is refused. */
export function readSuppress(read: FieldReader, node: Located): Suppression | false | undefined {
  if (node.kind === 'scalar' && node.value === false) return false
  let forMs: Suppression['forMs'] | undefined
  let by: readonly SourceText[] | undefined
  if (node.kind !== 'map') return read.wrongType(node, '`false` or a map (`{ for: 1 hour }`)')
  read.map(
    node,
    {
      for: (value) => {
        forMs = read.duration(value)
      },
      by: (value) => {
        by = readKey(read, value)
      },
    },
    { what: '`suppress`', required: ['for'], synonyms: { within: 'write `for`', key: 'write `by`' } },
  )
  return forMs === undefined ? undefined : { forMs, ...(by ? { by } : {}) }
}

export function readExceptions(read: FieldReader, node: Located): readonly RuleException[] {
  const items = read.list(node, 'exceptions', EXCEPTIONS_MAX) ?? []
  const seen = new Set<string>()
  return items.flatMap((item) => {
    const exception = readException(read, item)
    if (exception && seen.has(exception.name)) {
      read.error(
        'duplicate-name',
        item,
        `Two exceptions are called \`${exception.name}\`.`,
        'rename one: alerts name the exception that withheld them',
      )
    }
    if (exception) seen.add(exception.name)
    return exception ? [exception] : []
  })
}

function readException(read: FieldReader, node: Located): RuleException | undefined {
  const texts: { name?: string; why?: string; until?: string } = {}
  let when: SourceText | undefined
  const text = (key: 'name' | 'why') => (value: Located) => {
    const found = read.text(value, key === 'name' ? 64 : 1_024)
    if (found !== undefined) texts[key] = found
  }
  read.map(
    node,
    {
      name: text('name'),
      why: text('why'),
      when: (value) => {
        when = read.source(value)
      },
      until: (value) => {
        const until = readInstant(read, value)
        if (until !== undefined) texts.until = until
      },
    },
    {
      what: 'an exception',
      required: ['name', 'when'],
      synonyms: { where: 'write `when`', if: 'write `when`', reason: 'write `why`' },
    },
  )
  const { name, ...rest } = texts
  return name === undefined || !when ? undefined : { name, when, ...rest }
}

/** ISO 8601: a date (its start, UTC) or a date and time with a zone. */
export function readInstant(read: FieldReader, node: Located): string | undefined {
  const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value : ''
  const shaped = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
  const time = shaped ? Date.parse(text) : Number.NaN
  // Date.parse carries the 31st of April over into May; the round trip shows it.
  const day =
    !Number.isNaN(time) &&
    new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().slice(0, 10) === text.slice(0, 10)
  if (day) return text
  return read.error(
    'bad-date',
    node,
    'This is not a point in time.',
    'write `2026-12-31` or `2026-12-31T18:00:00Z`',
  )
}
