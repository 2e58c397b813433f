/** A rule that somebody wrote to do harm, or by mistake as if to. */
export interface HostileRule {
  readonly id: string
  readonly kind: string
  /** YAML, or what claims to be it. */
  readonly text: string
}

type Draw = (below: number) => number

/** Subjects of the demo's events, what keys them, and a text and a number that they have; the frequent ones first. */
const SUBJECTS = [
  { subject: 'payments.card.approved', key: 'card_id', text: 'merchant' },
  { subject: 'auth.login', key: 'customer_id', text: 'ip' },
  { subject: 'payments.transfer.created', key: 'debtor.account', text: 'transfer_id' },
  { subject: 'shop.order.paid', key: 'customer_id', text: 'order_id' },
  { subject: 'payments.transfer.settled', key: 'creditor.account', text: 'transfer_id' },
  { subject: 'payments.>', key: 'currency', text: 'merchant' },
  { subject: '>', key: '_subject', text: 'currency' },
] as const

type Subject = (typeof SUBJECTS)[number]

interface Parts {
  readonly id: string
  readonly on: Subject
  readonly below: Draw
}

interface RuleParts {
  readonly by?: string
  readonly where?: string
  readonly events?: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>
  readonly pattern?: unknown
  readonly more?: Readonly<Record<string, unknown>>
}

/** The namespace of all of them. */
export const HOSTILE_NAMESPACE = 'hostile'

const IN_EVERY_RULE = { status: 'live', severity: 'low', namespace: HOSTILE_NAMESPACE }

/** JSON is YAML, and needs no care for quotes. */
const rule = ({ id, on }: Parts, { by, where, events, pattern, more }: RuleParts): string =>
  JSON.stringify({
    rule: id,
    ...IN_EVERY_RULE,
    by: by ?? on.key,
    events: events ?? { hit: where === undefined ? on.subject : { from: on.subject, where } },
    pattern: pattern ?? 'hit',
    ...more,
  })

const where = (text: (parts: Parts) => string) => (parts: Parts) => rule(parts, { where: text(parts) })
const raw = (text: (parts: Parts) => string) => (parts: Parts) =>
  `rule: ${parts.id}\nby: ${parts.on.key}\nevents: { a: "${parts.on.subject}" }\npattern: a\n${text(parts)}`
const names = (count: number, prefix = 'e'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const events = (count: number, subject: string): Record<string, string> =>
  Object.fromEntries(names(count).map((name) => [name, subject]))

const FIBONACCI = '($f := function($x) { $x < 2 ? 1 : $f($x - 1) + $f($x - 2) }; $f('
const BOMB = '$length($reduce([1..26], function($p, $q) { $p & $p }, "ab"))'

/** Each makes one rule; some are refused when they are read, the others run. */
const KINDS: Readonly<Record<string, (parts: Parts) => string>> = {
  // Expressions
  'recursion that doubles': where(({ below }) => `${FIBONACCI}${20 + below(30)})) > 0`),
  'recursion without an end': where(
    ({ below }) => `($f := function($x) { $f($x + ${1 + below(9)}) }; $f(1))`,
  ),
  'recursion of two': where(
    ({ below }) => `($p := function($x) { $q($x + ${below(9)}) }; $q := function($x) { $p($x) }; $p(1))`,
  ),
  'text that doubles': where(({ below }) => `${BOMB} > ${below(100)}`),
  'padding by millions': where(({ below }) => `$length($pad(${'"x"'}, ${(below(9) + 1) * 20_000_000})) > 0`),
  'padding just below the limit': where(({ below }) => `$length($pad("x", ${110_000 + below(20_000)})) < 0`),
  'nested arrays': where(
    ({ below }) => `$count($reduce([1..${40 + below(30)}], function($p, $q) { [$p, $p] }, 1).**) > 0`,
  ),
  'quadratic distinct': where(({ below }) => `$count($distinct([1..${2_000 + below(7_000)}].{"a": $})) = 0`),
  'sorting with a costly order': where(
    ({ below }) => `$count($sort([1..${200 + below(900)}], function($p, $q) { $sum([1..$p]) > $q })) = 0`,
  ),
  'joins of everything': where(({ below }) => `$count([1..${80 + below(20)}]#$i.[1..90]#$j.($i + $j)) < 0`),
  'nearly all fuel, then false': where(({ below }) => `$sum([1..${2_000 + below(900)}].($ * 2)) < 0`),
  'nearly all fuel, then an error': where(
    ({ below }) => `$number($string($sum([1..${2_000 + below(900)}].($ * 2))) & "x") > 0`,
  ),
  'many conjuncts that all hold': where(({ below }) =>
    Array.from({ length: 60 }, (_, index) => `$count([1..${30 + below(9)}]) != ${index}`).join(' and '),
  ),
  'no witness': where(({ below }) => `$length($string($)) > ${1_000 + below(9_000)}`),
  'a key that costs': (parts) =>
    rule(parts, { by: `$string($sum([1..${2_000 + parts.below(900)}].($ * 2))) & ${parts.on.key}` }),
  'a condition on the key that costs': where(
    ({ below }) => `$sum([1..${2_000 + below(900)}].($ + $length($string($key)))) < 0`,
  ),
  // Regular expressions
  'evil regular expression': where(
    ({ on, below }) => `$contains(${on.text}, /^(([a-z0-9.-])+)+${'x'.repeat(1 + below(4))}!$/)`,
  ),
  'regular expression with alternatives': where(
    ({ on, below }) => `$contains(${on.text}, /(a|aa|[a-z]+)+(b|[0-9]+)*${'(c|d)'.repeat(5 + below(20))}$/)`,
  ),
  'quantifiers of quantifiers': where(
    ({ on, below }) => `$contains(${on.text}, /(a{${900 + below(100)}}){1000}/)`,
  ),
  'a thousand optional letters': where(
    ({ on, below }) => `$contains(${on.text}, /${'[a-z0-9.-]?'.repeat(60 + below(20))}!/)`,
  ),
  'look-around': where(({ on, below }) => `$contains(${on.text}, /(?=(a+))${'a'.repeat(1 + below(9))}\\1b/)`),
  // Lists of values
  'huge list of values': where(
    ({ on, below }) =>
      `${on.text} in [${names(500 + below(300), 'v')
        .map((v) => `"${v}"`)
        .join(',')}]`,
  ),
  'a chain of or': where(({ on }) =>
    names(200, 'v')
      .map((v) => `$contains(${on.text}, "${v}")`)
      .join(' or '),
  ),
  // Patterns
  'any combination': (parts) =>
    rule(parts, {
      by: 'currency',
      events: { a: parts.on.subject, b: parts.on.subject, c: parts.on.subject },
      pattern: {
        steps: [
          { kind: 'event', events: ['a'], quantifier: { min: 1, inner: 'non-deterministic-relaxed' } },
          {
            kind: 'event',
            events: ['b'],
            contiguity: 'non-deterministic-relaxed',
            quantifier: { min: 1, inner: 'non-deterministic-relaxed' },
          },
          { kind: 'event', events: ['c'], contiguity: 'non-deterministic-relaxed' },
        ],
        withinMs: 3_600_000 + parts.below(1_000),
      },
      more: { afterMatch: 'no-skip', suppress: false },
    }),
  'any combination that must hold': (parts) =>
    rule(parts, {
      by: 'currency',
      events: { a: parts.on.subject, b: parts.on.subject },
      pattern: {
        steps: [
          { kind: 'event', events: ['a'], quantifier: { min: 2, inner: 'non-deterministic-relaxed' } },
          { kind: 'event', events: ['b'], contiguity: 'non-deterministic-relaxed' },
        ],
        withinMs: 3_600_000,
      },
      more: { having: `$sum($a.amount) < ${-1 - parts.below(9)}`, afterMatch: 'no-skip' },
    }),
  'conditions on every step before': (parts) =>
    rule(parts, {
      by: 'currency',
      events: {
        a: parts.on.subject,
        b: { from: parts.on.subject, where: `amount < $sum($a.amount) - ${1e9 + parts.below(9)}` },
      },
      pattern: `at least 3 a followed by any b within ${1 + parts.below(5)} hours`,
      more: { afterMatch: 'no-skip' },
    }),
  'all of many': (parts) =>
    rule(parts, {
      by: 'currency',
      events: events(8, parts.on.subject),
      pattern: `all of ${names(8).join(', ')} within ${1 + parts.below(9)} hours`,
    }),
  'many alternatives': (parts) =>
    rule(parts, {
      by: 'currency',
      events: events(30, parts.on.subject),
      pattern: `(${names(15).join(' or ')}) followed by any (${names(30).slice(15).join(' or ')}) within ${1 + parts.below(9)} days`,
      more: { afterMatch: 'no-skip', suppress: false },
    }),
  'counts of counts': (parts) =>
    rule(parts, {
      events: { a: parts.on.subject },
      pattern: `exactly 1000 (exactly 1000 (exactly ${900 + parts.below(100)} a)) within 1 day`,
    }),
  'groups in groups': (parts) =>
    rule(parts, {
      events: events(12, parts.on.subject),
      pattern: `${names(12).reduce((inner, name) => (inner === '' ? name : `one or more (${inner} followed by any ${name})`), '')} within ${1 + parts.below(9)} hours`,
    }),
  'starts with everything, ends with nothing': (parts) =>
    rule(parts, {
      by: '"all"',
      events: {
        a: parts.on.subject,
        b: { from: 'payments.cancelled', where: `payment_id = "p${parts.below(99)}"` },
      },
      pattern: 'one or more a followed by any b within 30 days',
    }),
  'waits for what never comes': (parts) =>
    rule(parts, {
      by: '"all"',
      events: {
        a: parts.on.subject,
        b: { from: parts.on.subject, where: `amount > $a.amount + ${1e9 + parts.below(9)}` },
      },
      pattern: 'a followed by any b within 30 days',
      more: { afterMatch: 'no-skip' },
    }),
  // Keys and alerts
  'a new key for every event': (parts) =>
    rule(parts, {
      by: '_id',
      events: { a: parts.on.subject, b: 'payments.cancelled' },
      pattern: `a followed by b within ${1 + parts.below(30)} days`,
    }),
  'an alert for every event': (parts) =>
    rule(parts, {
      where: `$exists(${parts.on.key}) or amount > ${parts.below(9)}`,
      more: { suppress: false },
    }),
  'alerts with bombs in them': (parts) =>
    rule(parts, {
      more: {
        suppress: false,
        alert: {
          message: Array.from({ length: 30 }, () => `{{ $pad("x", ${100_000 + parts.below(9)}) }}`).join(' '),
          evidence: Object.fromEntries(
            names(30).map((name) => [name, `$string([1..${2_000 + parts.below(900)}])`]),
          ),
        },
      },
    }),
  'alerts of megabytes': (parts) =>
    rule(parts, {
      more: {
        suppress: false,
        alert: {
          message: Array.from({ length: 9 }, () => `{{ $pad("x", ${120_000 + parts.below(9)}) }}`).join(' '),
          evidence: { all: `[1..3].$pad("y", ${120_000 + parts.below(9)})` },
        },
      },
    }),
  'exceptions that cost': (parts) =>
    rule(parts, {
      more: {
        suppress: false,
        except: names(60).map((name) => ({
          name,
          when: `$sum([1..${2_000 + parts.below(900)}].($ * 2)) < 0`,
        })),
      },
    }),
  'timeouts in crowds': (parts) =>
    rule(parts, {
      by: '_id',
      events: { a: parts.on.subject, b: 'payments.cancelled' },
      pattern: `a followed by b within ${1 + parts.below(9)} seconds`,
      more: { suppress: false, onTimeout: { message: `{{ ${BOMB} }}` } },
    }),
  // Documents
  'a deep document': raw(({ below }) => `tests: ${'['.repeat(15_000 + below(5_000))}`),
  'an alias bomb': raw(
    ({ below }) =>
      `tags:\n  - &a0 ["${below(99)}"]\n${names(9, 'a')
        .map(
          (name, index) =>
            `  - &${name.replace(/\d/, String(index + 1))} [*a${index}, *a${index}, *a${index}]`,
        )
        .join('\n')}\n`,
  ),
  'thousands of events': (parts) =>
    rule(parts, { events: events(1_000 + parts.below(500), parts.on.subject), pattern: 'e0' }),
  'long names': (parts) =>
    rule(parts, { events: { ['n'.repeat(20_000 + parts.below(9_000))]: parts.on.subject }, pattern: 'a' }),
  'a document that is too large': raw(({ below }) => `description: ${'x'.repeat(80_000 + below(9_000))}`),
}

export const HOSTILE_KINDS: readonly string[] = Object.keys(KINDS)

/** The same rules for the same seed, the kinds in turn. */
export function hostileRules(count: number, draw: Draw): HostileRule[] {
  const kinds = Object.entries(KINDS)
  return Array.from({ length: count }, (_, index) => {
    const [kind, make] = kinds[index % kinds.length] as (typeof kinds)[number]
    const id = `hostile-${String(index).padStart(3, '0')}`
    const on = SUBJECTS[draw(SUBJECTS.length)] as Subject
    return { id, kind, text: make({ id, on, below: draw }) }
  })
}
