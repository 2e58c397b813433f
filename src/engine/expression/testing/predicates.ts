import fc from 'fast-check'
import {
  type ExpressionScope,
  eventTime,
  type Frame,
  type JsonObject,
  type JsonValue,
  type StreamEvent,
  streamSequence,
} from '../../model/index.ts'

export const SCOPE: ExpressionScope = {
  steps: [
    { name: 'login', counted: false },
    { name: 'pay', counted: true },
  ],
}

const NAMES = [
  'a',
  'b',
  'amount',
  'card-id',
  '__proto__',
  'constructor',
  'toString',
  'length',
  'map',
  '0',
  'é',
  '_id',
]
const TEXTS = [
  '',
  'a',
  'gift',
  'GIFT',
  'ab',
  '"',
  '\\',
  "'",
  '`',
  '${a}',
  '\u2028',
  '\u2029',
  '\n',
  '😀a',
  'é',
  '*/',
  'constructor',
]
const NUMBERS = [0, 1, -1, 2.5, 5, 1e21, 7000, 0.1]

export interface World {
  readonly data: JsonObject
  readonly login: readonly JsonObject[]
  readonly pay: readonly JsonObject[]
}

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...NUMBERS, -0, Number.POSITIVE_INFINITY),
  fc.boolean(),
  fc.constant(null),
)
const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { arbitrary: scalar, weight: 5 },
    { arbitrary: fc.array(tie('json'), { maxLength: 3 }), weight: 1 },
    {
      arbitrary: fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('json')), { maxLength: 4 }).map(objectOf),
      weight: 2,
    },
  ),
}))

/** As JSON.parse makes it: `__proto__` is a field. */
export function objectOf(entries: ReadonlyArray<readonly [string, JsonValue]>): JsonObject {
  const object: JsonObject = {}
  for (const [name, value] of entries)
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  return object
}

const document = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), json), { minLength: 2, maxLength: 8 })
  .map(objectOf)
export const world: fc.Arbitrary<World> = fc.record({
  data: document,
  login: fc.array(document, { maxLength: 1 }),
  pay: fc.array(document, { maxLength: 20 }),
})

const quoted = (name: string): string => (/^[a-z_]\w*$/i.test(name) ? name : `\`${name}\``)
const path = fc
  .array(fc.constantFrom(...NAMES.map(quoted)), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('.'))
const literal = fc.oneof(
  fc.constantFrom(...TEXTS).map((text) => JSON.stringify(text)),
  fc.constantFrom(...NUMBERS).map(String),
  fc.constantFrom('true', 'false', 'null', '-5'),
)
const list = fc.array(literal, { maxLength: 11 }).map((items) => `[${items.join(', ')}]`)

export const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const operand = tie('expression')
  const joined = (operators: readonly string[]): fc.Arbitrary<string> =>
    fc.tuple(operand, fc.constantFrom(...operators), operand).map(([a, o, b]) => `(${a} ${o} ${b})`)
  return {
    expression: fc.oneof(
      { depthSize: 'medium', maxDepth: 5 },
      path,
      fc.oneof(
        path.map((found) => `$login.${found}`),
        fc.constant('$login'),
      ),
      literal,
      fc
        .tuple(fc.constantFrom('sum', 'max', 'min', 'average', 'count'), path)
        .map(([f, p]) => `$${f}($pay.${p})`),
      path.map((found) => `$count($distinct($pay.${found}))`),
      fc.constant('$count($pay)'),
      joined(['and', 'or']),
      joined(['and', 'or']),
      joined(['=', '!=', '<', '<=', '>', '>=']),
      joined(['=', '!=', '<', '<=', '>', '>=']),
      joined(['+', '-', '*', '/', '%']),
      fc
        .tuple(operand, list)
        .map(([a, items]) => `${a} in ${items}`)
        .map((text) => `(${text})`),
      fc
        .tuple(fc.constantFrom('exists', 'not', 'lowercase', 'uppercase', 'length'), operand)
        .map(([f, a]) => `$${f}(${a})`),
      fc.tuple(operand, literal).map(([a, token]) => `$contains(${a}, ${token})`),
      operand.map((a) => `$contains(${a}, /^(a|g.*t)$/i)`),
      fc
        .tuple(operand, fc.nat(3), fc.nat(4))
        .map(([a, from, length]) => `$substring(${a}, ${from}, ${length})`),
      fc
        .tuple(path, fc.constantFrom(...TEXTS))
        .map(([a, text]) => `($substring(${a}, 0, ${text.length}) = ${JSON.stringify(text)})`),
      path.map((found) => `$in_list("known", ${found})`),
    ),
  }
})

function eventOf(data: JsonObject, id = 'i'): StreamEvent {
  const time = eventTime(1_000)
  return { sequence: streamSequence(1), time, ingestedAt: time, subject: 's', id, data }
}

export function frameOf({ data, login, pay }: World): Frame {
  const taken = [login.map((each) => eventOf(each, 'l')), pay.map((each) => eventOf(each, 'p'))]
  return {
    event: eventOf(data),
    steps: { taken: (slot) => taken[slot] ?? [], count: (slot) => taken[slot]?.length ?? 0 },
    key: null,
    lists: { has: (name, value) => name === 'known' && (value === 'gift' || value === 1) },
    time: eventTime(0),
  }
}
