import type {
  AbsenceStep,
  AnyOrderStep,
  ChoiceStep,
  Contiguity,
  DurationMs,
  EventName,
  EventStep,
  GroupStep,
  Pattern,
  PatternStep,
  Quantifier,
} from '../model/index.ts'
import { durationMs } from '../model/index.ts'
import type { FieldReader, Fields } from './field-reader.ts'
import type { Located } from './located.ts'

type Draft<T> = { -readonly [Key in keyof T]?: T[Key] }

/** The fields of all kinds of steps that take events; each kind reads its own. */
type StepDraft = Draft<
  Omit<EventStep, 'kind'> & Omit<GroupStep, 'kind'> & Omit<AnyOrderStep, 'kind'> & Omit<ChoiceStep, 'kind'>
>

const CONTIGUITIES = ['strict', 'relaxed', 'non-deterministic-relaxed'] as const
const KINDS = ['event', 'group', 'any-order', 'choice', 'absence'] as const
const MILLISECONDS = 'the structural form says times in milliseconds'
const SYNONYMS = {
  within: `write \`withinMs\`; ${MILLISECONDS}`,
  hop: `write \`hopMs\`; ${MILLISECONDS}`,
  for: `write \`forMs\`; ${MILLISECONDS}`,
  gap: `write \`gapMs\`; ${MILLISECONDS}`,
  event: 'write `events: [name]`',
  optional: 'write `quantifier: { min: 1, max: 1, optional: true }`',
}

/** The structural form of a pattern. What is not there or not of the right type is reported; what it means is `validatePattern`'s business. */
export function readPattern(read: FieldReader, node: Located): Pattern | undefined {
  const draft: Draft<Pattern> = {}
  const complete = countErrors(read, () => {
    read.map(node, patternFields(read, draft), { what: 'a pattern', required: ['steps'], synonyms: SYNONYMS })
  })
  return complete && draft.steps ? { ...draft, steps: draft.steps } : undefined
}

/** Runs `body`; true when it reported no error. */
function countErrors(read: FieldReader, body: () => void): boolean {
  const before = read.file.problems.length
  body()
  return !read.file.problems.slice(before).some(({ severity }) => severity === 'error')
}

function patternFields(read: FieldReader, draft: Draft<Pattern>): Fields {
  return {
    steps: (node) => {
      draft.steps = readSteps(read, node)
    },
    withinMs: (node) => {
      setDefined(draft, 'withinMs', readMs(read, node))
    },
    without: (node) => {
      setDefined(draft, 'without', readNames(read, node))
    },
  }
}

function setDefined<T, Key extends keyof T>(draft: T, key: Key, value: T[Key] | undefined): void {
  if (value !== undefined) draft[key] = value
}

const readMs = (read: FieldReader, node: Located): DurationMs | undefined => {
  const value = read.integer(node, 1, Number.MAX_SAFE_INTEGER)
  return value === undefined ? undefined : durationMs(value)
}

function readNames(read: FieldReader, node: Located): readonly EventName[] | undefined {
  const names = read.texts(node, 'event names', 64)
  if (names?.length !== 0 || node.kind !== 'list' || node.items.length > 0) return names
  return read.error('missing-key', node, 'The list names no event.', 'name one, or remove the key')
}

function readSteps(read: FieldReader, node: Located): readonly PatternStep[] {
  return read.list(node, 'steps', 256)?.flatMap((item) => readStep(read, item) ?? []) ?? []
}

function readStep(read: FieldReader, node: Located): PatternStep | undefined {
  if (node.kind !== 'map') return read.wrongType(node, 'a step (`{ kind: event, events: [a] }`)')
  const kindNode = node.entries.find(({ key }) => key === 'kind')?.value
  if (!kindNode)
    return read.error(
      'missing-key',
      node,
      'A step needs `kind`.',
      'add `kind: event`, `group`, `any-order`, `choice` or `absence`',
    )
  const kind = read.choice(kindNode, KINDS)
  if (kind === undefined) return undefined
  if (kind === 'absence') return readAbsence(read, node)
  const draft: StepDraft = {}
  const positive: Fields = {
    kind: () => {},
    contiguity: (value) => {
      setDefined(draft, 'contiguity', read.choice(value, CONTIGUITIES))
    },
    quantifier: (value) => {
      setDefined(draft, 'quantifier', readQuantifier(read, value))
    },
    hopMs: (value) => {
      setDefined(draft, 'hopMs', readMs(read, value))
    },
  }
  const fields: Fields = { ...positive, ...ownFields(read, kind, draft) }
  const required = { event: 'events', group: 'steps', 'any-order': 'members', choice: 'branches' }[kind]
  const complete = countErrors(read, () => {
    read.map(node, fields, { what: `a step of kind ${kind}`, required: [required], synonyms: SYNONYMS })
  })
  if (!complete) return undefined
  // Every field that this kind requires has been read: nothing is missing where no error was reported.
  return { ...draft, kind, contiguity: draft.contiguity ?? 'relaxed' } as PatternStep
}

function ownFields(
  read: FieldReader,
  kind: 'event' | 'group' | 'any-order' | 'choice',
  draft: StepDraft,
): Fields {
  switch (kind) {
    case 'event':
      return {
        events: (node) => {
          setDefined(draft, 'events', readNames(read, node))
        },
      }
    case 'group':
      return patternFields(read, draft)
    case 'any-order':
      return {
        members: (node) => {
          setDefined(draft, 'members', readNames(read, node))
        },
        atLeast: (node) => {
          setDefined(draft, 'atLeast', read.integer(node, 0, 1_000_000))
        },
      }
    case 'choice':
      return {
        branches: (node) => {
          draft.branches =
            read.list(node, 'branches', 64)?.flatMap((item) => readPattern(read, item) ?? []) ?? []
        },
      }
    default:
      return kind satisfies never
  }
}

function readAbsence(read: FieldReader, node: Located): AbsenceStep | undefined {
  const draft: Draft<AbsenceStep> = {}
  const fields: Fields = {
    kind: () => {},
    events: (value) => {
      setDefined(draft, 'events', readNames(read, value))
    },
    contiguity: (value) => {
      setDefined(draft, 'contiguity', read.choice(value, ['strict', 'relaxed']))
    },
    forMs: (value) => {
      setDefined(draft, 'forMs', readMs(read, value))
    },
  }
  const shape = {
    what: 'an absence',
    required: ['events'],
    synonyms: { ...SYNONYMS, quantifier: 'an absence cannot be counted' },
  }
  const complete = countErrors(read, () => {
    read.map(node, fields, shape)
  })
  if (!complete || !draft.events) return undefined
  const limit = draft.forMs === undefined ? {} : { forMs: draft.forMs }
  return { kind: 'absence', events: draft.events, contiguity: draft.contiguity ?? 'relaxed', ...limit }
}

/** Counts of any size and sign are let through: the validator says what is wrong with them in words of patterns. */
function readQuantifier(read: FieldReader, node: Located): Quantifier | undefined {
  const draft: Draft<Quantifier> & { inner?: Contiguity } = {}
  const count = (value: Located): number | undefined => read.integer(value, -1_000_000_000, 1_000_000_000)
  const fields: Fields = {
    min: (value) => {
      setDefined(draft, 'min', count(value))
    },
    max: (value) => {
      setDefined(draft, 'max', count(value))
    },
    optional: (value) => {
      setDefined(draft, 'optional', read.boolean(value))
    },
    greedy: (value) => {
      setDefined(draft, 'greedy', read.boolean(value))
    },
    inner: (value) => {
      setDefined(draft, 'inner', read.choice(value, CONTIGUITIES))
    },
    gapMs: (value) => {
      setDefined(draft, 'gapMs', readMs(read, value))
    },
    until: (value) => {
      setDefined(draft, 'until', read.text(value))
    },
  }
  const complete = countErrors(read, () => {
    read.map(node, fields, { what: 'a quantifier', required: ['min'], synonyms: SYNONYMS })
  })
  return complete && draft.min !== undefined ? { ...draft, min: draft.min } : undefined
}
