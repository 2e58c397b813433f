import { HIDDEN, hidesKey, redacted, withoutValues } from '../emit/index.ts'
import { expressionTools } from '../expression/index.ts'
import type { Expression, ExpressionScope, Frame, JsonValue } from '../model/index.ts'
import { scanExpression } from '../mutation/index.ts'
import { scopeOf } from '../rule/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { FailedCondition, TracedValue } from './contract.ts'

const COMPARISONS: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>='])
const TEXT_MAX = 200

export interface Sides {
  readonly left: string
  readonly operator: string
  readonly right: string
  /** Where the right side begins in the text. */
  readonly rightAt: number
}

/** The two sides of a text that is one comparison at its top; undefined for anything else. */
export function sidesOf(text: string): Sides | undefined {
  const top = scanExpression(text).filter(({ depth }) => depth === 0)
  if (top.some(({ kind, text: word }) => kind === 'name' && (word === 'or' || word === 'and')))
    return undefined
  const [operator, another] = top.filter(
    ({ kind, text: word }) => kind === 'operator' && COMPARISONS.has(word),
  )
  if (operator === undefined || another !== undefined) return undefined
  const right = text.slice(operator.end)
  const rightAt = operator.end + right.length - right.trimStart().length
  return {
    left: text.slice(0, operator.start).trim(),
    operator: operator.text,
    right: right.trim(),
    rightAt,
  }
}

/** Evaluates parts of conditions with the compiler and in the frame that decided. */
export class ConditionReader {
  readonly #scope: ExpressionScope
  readonly #redact: ReadonlySet<string>
  readonly #hidesKey: boolean
  readonly #compiled = new Map<string, Expression | undefined>()

  constructor(program: RuleProgram, redact: ReadonlySet<string>) {
    this.#scope = scopeOf(program.definition)
    this.#redact = redact
    this.#hidesKey = hidesKey(program, redact)
  }

  /** A condition that does not hold in the frame; `undefined` when it does. */
  failed(condition: Expression, frame: Frame): FailedCondition | undefined {
    const truth = condition.test(frame)
    if (truth === 1) return undefined
    const error = truth === -1 ? condition.lastError : undefined
    return {
      source: condition.source,
      values: this.#values(condition, frame),
      ...(error === undefined ? {} : { error: { code: error.code, message: this.#message(error.message) } }),
    }
  }

  /** Both sides of a comparison, else the fields that were read; what says only itself is left out. */
  #values(condition: Expression, frame: Frame): readonly TracedValue[] {
    const sides = sidesOf(condition.source)
    const parts = sides === undefined ? [] : [sides.left, sides.right]
    const fields =
      condition.reads.fields?.map((path) => path.map(quoted).join('.')) ?? namesIn(condition.source)
    const steps = [...condition.reads.steps].flatMap(([slot, paths]) =>
      (paths ?? []).map((path) => [`$${this.#scope.steps[slot]?.name}`, ...path.map(quoted)].join('.')),
    )
    const texts = [...new Set([...parts, ...fields, ...steps, ...(condition.reads.key ? ['$key'] : [])])]
    return texts.flatMap((text) => {
      const expression = this.#compile(text)
      if (expression === undefined || isLiteral(expression)) return []
      return [this.#value(text, expression, frame)]
    })
  }

  #value(text: string, expression: Expression, frame: Frame): TracedValue {
    if (this.#isHidden(expression)) return { text, value: HIDDEN }
    const evaluation = expression.evaluate(frame)
    if (!evaluation.ok || evaluation.value === undefined) return { text }
    return { text, value: shortened(this.#redacted(plain(evaluation.value))) }
  }

  /** What reads a hidden field shows nothing, whatever it makes of it. */
  #isHidden({ reads, source }: Expression): boolean {
    if (this.#redact.size === 0) return false
    if (reads.key && this.#hidesKey) return true
    const hides = (path: readonly string[]): boolean => path.some((name) => this.#redact.has(name))
    // What may read anything may read what is hidden.
    if (reads.fields === undefined || reads.fields.some(hides)) return true
    if ([...reads.steps.values()].some((paths) => paths === undefined || paths.some(hides))) return true
    return scanExpression(source).some(({ kind, text }) => kind === 'name' && this.#redact.has(text))
  }

  #redacted(value: JsonValue): JsonValue {
    return redacted(value, this.#redact)
  }

  #message(message: string): string {
    return this.#redact.size > 0 ? withoutValues(message) : message
  }

  #compile(text: string): Expression | undefined {
    if (!this.#compiled.has(text)) {
      const compiled = expressionTools.compileExpression({ text, pointer: '' }, this.#scope)
      this.#compiled.set(text, compiled.ok ? compiled.value : undefined)
    }
    return this.#compiled.get(text)
  }
}

const isLiteral = ({ reads }: Expression): boolean =>
  reads.fields?.length === 0 &&
  reads.steps.size === 0 &&
  !reads.key &&
  !reads.attributes &&
  reads.lists.length === 0

const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function'])

/** Fields that a text names, where the compiler cannot say which it reads. */
const namesIn = (source: string): readonly string[] =>
  scanExpression(source).flatMap(({ kind, text, start }) =>
    kind === 'name' && !text.startsWith('$') && !WORDS.has(text) && source[start - 1] !== '.' ? [text] : [],
  )

const quoted = (name: string): string => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name}\``)

/** What JSON can say of a value: functions and regular expressions cannot be said. */
const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue

/** A value that is too long to be shown is shown as the beginning of its text. */
function shortened(value: JsonValue): JsonValue {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= TEXT_MAX ? value : `${text.slice(0, TEXT_MAX).toWellFormed()}…`
}

/** `` `amount <= 5` is false: amount is 9 ``. */
export function conditionText({ source, values, error }: FailedCondition): string {
  const read = values.map(
    ({ text, value }) => `${text} is ${value === undefined ? 'absent' : JSON.stringify(value)}`,
  )
  const because = read.length > 0 ? `: ${read.join(', ')}` : ''
  return error === undefined
    ? `\`${source}\` is false${because}`
    : `\`${source}\` failed (${error.code} ${error.message})${because}`
}
