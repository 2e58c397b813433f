import fc from 'fast-check'
import { RULE } from '../support/api.ts'

export interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
}

const HOSTILE_TEXTS = [
  '',
  ' ',
  '*',
  '>',
  '..',
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '%',
  '%zz',
  'a'.repeat(300),
  '__proto__',
  'constructor',
  '${7*7}',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  '-1',
  '0',
  '1e400',
  'NaN',
  '9007199254740993',
  'null',
  '💥',
  '\u202e',
  'hello',
]

export const hostileText = (): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 40 }) },
  )

/** A value that fits the schema. */
export function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.oneOf !== undefined) return fc.oneof(...schema.oneOf.map(fitting))
  switch (schema.type) {
    case 'string':
      return schema.pattern === undefined
        ? fc.constantFrom('hello', 'events.a', '24h', 'x', '2026-01-01T00:00:00Z')
        : fc.oneof(fc.constant('hello'), fc.stringMatching(new RegExp(schema.pattern)))
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 100, 2 ** 31 - 1) })
    case 'number':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(fitting(schema.items ?? {}), { maxLength: 4 })
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, child]) => [name, fitting(child)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      )
    default:
      return fc.jsonValue()
  }
}

/** Mostly what fits, often enough what does not. */
export const valueFor = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 5, arbitrary: fitting(schema) },
    { weight: 2, arbitrary: hostileText() },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  )

/** A text with some of its characters removed, doubled or replaced. */
export const damaged = (text: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.nat(text.length),
        fc.nat(6),
        fc.constantFrom(
          '',
          '\n',
          '  ',
          '{',
          ']',
          '"',
          "'",
          '#',
          ':',
          '- ',
          '&a',
          '*a',
          '!!x',
          '\t',
          '$',
          '(',
          ')',
        ),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((edits) =>
      edits.reduce((rest, [at, length, put]) => rest.slice(0, at) + put + rest.slice(at + length), text),
    )

const JSON_RULE = JSON.stringify({
  rule: 'hello',
  by: 'user',
  events: { A: 'events.a', B: 'events.b where amount > 5' },
  pattern: 'A followed by B within 5 minutes',
})

/** A body for a content type that a route names. */
export function textFor(type: string): fc.Arbitrary<string> {
  if (type.includes('yaml'))
    return fc.oneof(fc.constant(RULE), damaged(RULE), fc.constant(`${RULE}---\n${RULE}`), hostileText())
  const event = fc.record(
    {
      subject: fc.oneof(fc.constant('events.a'), hostileText()),
      data: fc.jsonValue({ maxDepth: 2 }),
      id: hostileText(),
    },
    { requiredKeys: [] },
  )
  if (type.includes('ndjson'))
    return fc
      .array(
        fc.oneof(
          event.map((value) => JSON.stringify(value)),
          hostileText(),
        ),
        { maxLength: 5 },
      )
      .map((lines) => lines.join('\n'))
  return fc.oneof(
    fc.constant(JSON_RULE),
    damaged(JSON_RULE),
    event.map((value) => JSON.stringify(value)),
    fc.array(event, { maxLength: 5 }).map((value) => JSON.stringify(value)),
    fc.json(),
    fc.constant(`${'['.repeat(40)}${']'.repeat(40)}`),
    fc.constant('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    hostileText(),
  )
}
