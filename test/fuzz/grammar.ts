import type { Random } from './random.ts'

const NAMES = ['a', 'b', 'c', 'items', 'amount', 'name', 'nothing', 'tags']
const NUMBERS = ['0', '1', '2', '-1', '3.5', '10', '1e3']
const TEXTS = ['""', '"a"', '"b"', '"10"', '"Hello World"', '"héé💳"']
const TEXT_FUNCTIONS = [
  'lowercase',
  'uppercase',
  'trim',
  'length',
  'string',
  'number',
  'base64encode',
  'encodeUrlComponent',
]
const NUMBER_FUNCTIONS = ['abs', 'floor', 'ceil', 'round', 'sqrt', 'string', 'formatBase']
const ARRAY_FUNCTIONS = [
  'count',
  'sum',
  'max',
  'min',
  'average',
  'distinct',
  'reverse',
  'sort',
  'join',
  'exists',
  'not',
  'boolean',
  'type',
  'keys',
  'spread',
  'merge',
]
const REGEXES = ['/a/', '/[a-z]+/i', '/l+/', '/(b|o)(.)?/', '/^H/', '/\\d+$/']
const BINARY = ['+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', 'and', 'or', 'in']

type Rule = (g: Grammar, depth: number) => string

const LEAVES: readonly Rule[] = [
  (g) => g.random.pick(NAMES),
  (g) => g.random.pick(NAMES),
  (g) => g.random.pick(NUMBERS),
  (g) => g.random.pick(TEXTS),
  (g) => g.random.pick(['true', 'false', 'null', '$', '$$']),
  (g) => g.variable(),
]

/** What predicates of rules are made of. */
const PREDICATES: readonly Rule[] = [
  (g, d) => `${g.path(d)} ${g.random.pick(['=', '!=', '<', '<=', '>', '>='])} ${g.constant()}`,
  (g, d) => `${g.constant()} ${g.random.pick(['=', '!=', '<', '<=', '>', '>='])} ${g.path(d)}`,
  (g, d) => `${g.path(d)} in [${g.constant()}, ${g.constant()}]`,
  (g, d) => `(${g.predicate(d)} ${g.random.pick(['and', 'or'])} ${g.predicate(d)})`,
  (g, d) => `$not(${g.predicate(d)})`,
  (g, d) => `$exists(${g.path(d)})`,
  (g, d) => `$contains(${g.path(d)}, ${g.random.pick(TEXTS)})`,
  (g, d) => `$contains(${g.path(d)}, ${g.random.pick(REGEXES)})`,
  (g, d) => `$substring(${g.path(d)}, ${g.random.below(3)}, ${g.random.below(4)}) = ${g.random.pick(TEXTS)}`,
  (g, d) => `$lowercase(${g.path(d)}) = ${g.random.pick(TEXTS)}`,
  (g, d) =>
    `$${g.random.pick(['count', 'sum', 'max', 'min', 'average'])}(${g.path(d)}) > ${g.random.pick(NUMBERS)}`,
  (g, d) => `${g.path(d)} ${g.random.pick(['+', '-', '*', '/'])} ${g.path(d)} > ${g.random.pick(NUMBERS)}`,
  (g, d) => `${g.path(d)} = ${g.path(d)}`,
]

const COMPOSED: readonly Rule[] = [
  (g, d) => g.predicate(d),
  (g, d) => g.path(d),
  (g, d) => `(${g.any(d)} ${g.random.pick(BINARY)} ${g.any(d)})`,
  (g, d) => `(${g.any(d)} ${g.random.pick(BINARY)} ${g.any(d)})`,
  (g, d) => `(${g.path(d)} ${g.random.pick(['?:', '??'])} ${g.any(d)})`,
  (g, d) => `-${g.path(d)}`,
  (g, d) => `(${g.any(d)} ? ${g.any(d)} : ${g.any(d)})`,
  (g, d) => `[${g.any(d)}, ${g.any(d)}]`,
  (g, d) => `[${g.any(d)}]`,
  (g) => `[${g.random.below(3)}..${g.random.below(5)}]`,
  (g, d) => `{"x": ${g.any(d)}, ${g.random.pick(TEXTS)}: ${g.any(d)}}`,
  (g, d) => `${g.path(d)}{${g.random.pick(NAMES)}: ${g.any(d)}}`,
  (g, d) => `${g.path(d)}[${g.any(d)}]`,
  (g, d) => `${g.path(d)}[]`,
  (g, d) => `(${g.any(d)})[${g.random.pick(NUMBERS)}]`,
  (g, d) => `${g.path(d)}.(${g.any(d)})`,
  (g, d) => `${g.path(d)}.{"k": ${g.any(d)}}`,
  (g, d) => `${g.path(d)}.[${g.any(d)}]`,
  (g, d) => `${g.path(d)}^(${g.random.pick(['', '<', '>'])}${g.random.pick(NAMES)})`,
  (g) => `${g.random.pick(['*', '**', 'items.*', '**.a', 'a.*'])}`,
  (g, d) => `$${g.random.pick(TEXT_FUNCTIONS)}(${g.any(d)})`,
  (g, d) => `$${g.random.pick(NUMBER_FUNCTIONS)}(${g.any(d)})`,
  (g, d) => `$${g.random.pick(ARRAY_FUNCTIONS)}(${g.any(d)})`,
  (g, d) => `$append(${g.any(d)}, ${g.any(d)})`,
  (g, d) => `$substringBefore(${g.any(d)}, ${g.random.pick(TEXTS)})`,
  (g, d) => `$pad(${g.path(d)}, ${g.random.below(9)}, "-")`,
  (g, d) => `$split(${g.path(d)}, ${g.random.pick([...REGEXES, '"l"'])})`,
  (g, d) => `$match(${g.path(d)}, ${g.random.pick(REGEXES)})`,
  (g, d) => `$replace(${g.path(d)}, ${g.random.pick([...REGEXES, '"l"'])}, "[$1$0]")`,
  (g, d) => `$lookup(${g.any(d)}, "a")`,
  (g, d) => `$zip(${g.any(d)}, ${g.any(d)})`,
  (g, d) => `$map(${g.any(d)}, ${g.lambda(d, 3)})`,
  (g, d) => `$filter(${g.any(d)}, ${g.lambda(d, 3)})`,
  (g, d) => `$reduce(${g.any(d)}, ${g.lambda(d, 2)})`,
  (g, d) => `$sift(${g.path(d)}, ${g.lambda(d, 2)})`,
  (g, d) => `$each(${g.path(d)}, ${g.lambda(d, 2)})`,
  (g, d) => `$map(${g.path(d)}, $${g.random.pick([...TEXT_FUNCTIONS, ...NUMBER_FUNCTIONS])})`,
  (g, d) => `(${g.any(d)} ~> $${g.random.pick([...TEXT_FUNCTIONS, ...ARRAY_FUNCTIONS])})`,
  (g, d) => `(${g.any(d)} ~> $append(${g.any(d)}))`,
  (g, d) => g.block(d),
  (g, d) => `${g.lambda(d, 1)}(${g.any(d)})`,
  (g, d) =>
    `(${g.path(d)} ~> |${g.random.pick(['$', 'items', 'a', '**'])}|{"z": ${g.any(d)}}${g.random.chance(0.3) ? ', "b"' : ''}|)`,
  (g, d) => `items@$v.{"k": $v.a, "c": ${g.any(d)}}`,
  (g) => `items#$i[${g.random.pick(['$i = 0', '$i > 0', 'a'])}].${g.random.pick(NAMES)}`,
  (g) => `items.${g.random.pick(NAMES)}.%.${g.random.pick(NAMES)}`,
  (g, d) => `$round(${g.any(d)}, ${g.random.pick(['0', '1', '-1'])})`,
  (g, d) => `$power(${g.any(d)}, 2)`,
  (g, d) => `$string(${g.any(d)})`,
]

/** Expressions over the documents of `documents.ts`, mostly meaningful, often wrong. */
export class Grammar {
  readonly random: Random
  #variables: string[] = []

  constructor(random: Random) {
    this.random = random
  }

  expression(): string {
    this.#variables = []
    return this.random.chance(0.5) ? this.predicate(3) : this.any(3)
  }

  any(depth: number): string {
    return this.random.pick(depth <= 0 || this.random.chance(0.2) ? LEAVES : COMPOSED)(this, depth - 1)
  }

  predicate(depth: number): string {
    if (depth <= 0) return `${this.random.pick(NAMES)} = ${this.constant()}`
    return this.random.pick(PREDICATES)(this, depth - 1)
  }

  constant(): string {
    return this.random.pick([...NUMBERS, ...TEXTS, 'true', 'null'])
  }

  variable(): string {
    return this.#variables.length === 0 ? this.random.pick(NAMES) : `$${this.random.pick(this.#variables)}`
  }

  path(depth: number): string {
    const { random } = this
    const first = random.chance(0.1) ? this.variable() : random.pick(NAMES)
    if (depth <= 0 || random.chance(0.4)) return first
    const second = random.pick(NAMES)
    return random.chance(0.2) ? `${first}.${second}.${random.pick(NAMES)}` : `${first}.${second}`
  }

  lambda(depth: number, parametersMax: number): string {
    const names = ['x', 'y', 'z'].slice(0, 1 + this.random.below(parametersMax))
    const outer = this.#variables
    this.#variables = [...outer, ...names]
    const body = this.any(depth)
    this.#variables = outer
    return `function(${names.map((name) => `$${name}`).join(', ')}) { ${body} }`
  }

  block(depth: number): string {
    const outer = this.#variables
    const value = this.any(depth)
    this.#variables = [...outer, 'v']
    const body = this.any(depth)
    this.#variables = outer
    return `($v := ${value}; ${body})`
  }
}
