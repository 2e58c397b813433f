import { type CompilePattern, compilePattern } from '../automaton/index.ts'
import { expressionTools } from '../expression/index.ts'
import {
  type AlertTemplate,
  type EventDefinition,
  type Expression,
  type ExpressionScope,
  failure,
  type Problem,
  type Result,
  type RuleDefinition,
  type SourceText,
  sourcePlace,
  success,
} from '../model/index.ts'
import { validatePattern } from '../pattern/index.ts'
import { checkFields, type FieldsRead } from './check-fields.ts'
import type { RuleCode } from './codes.ts'
import type { ExpressionTools } from './expression-tools.ts'
import { type ListRead, listReads } from './list-reads.ts'
import type { AlertProgram, EventProgram, RuleProgram, TextPart } from './program.ts'
import { parseTemplate } from './template.ts'
import { type Visibility, visibilityOf } from './visibility.ts'

/** Partial matches that one key of one rule may keep where the rule does not say. */
export const PARTIAL_MATCHES_MAX_DEFAULT = 10_000

export interface CompileOptions {
  /** Dense, starts at 1. */
  readonly version: number
  /** Default: JSONata. */
  readonly expressions?: ExpressionTools
  readonly patterns?: CompilePattern
}

/** Turns a rule into a program. Collects what is wrong in all its expressions; problems of a success are warnings. */
export function compileRule(
  definition: RuleDefinition,
  options: CompileOptions = { version: 1 },
): Result<RuleProgram> {
  return new RuleCompiler(definition, options).compile()
}

const NOTHING: ExpressionScope = { steps: [] }

class RuleCompiler {
  readonly #rule: RuleDefinition
  readonly #tools: ExpressionTools
  readonly #compilePattern: CompilePattern
  readonly #version: number
  readonly #problems: Problem[] = []
  readonly #visibility: Visibility
  readonly #scope: ExpressionScope
  readonly #names: readonly string[]
  readonly #fieldsRead: FieldsRead[] = []
  readonly #lists = new Map<string, ListRead>()

  constructor(
    rule: RuleDefinition,
    { version, expressions = expressionTools, patterns = compilePattern }: CompileOptions,
  ) {
    this.#rule = rule
    this.#tools = expressions
    this.#compilePattern = patterns
    this.#version = version
    this.#names = rule.events.map((event) => event.name)
    this.#visibility = visibilityOf(rule.pattern)
    const steps = this.#names.map((name) => ({ name, counted: this.#visibility.counted(name) }))
    this.#scope = { steps }
  }

  compile(): Result<RuleProgram> {
    const rule = this.#rule
    this.#checkPattern()
    const events = rule.events.map((event) => this.#event(event))
    const having = rule.having ? this.#onMatch(rule.having) : undefined
    const suppressBy =
      rule.suppress === false ? undefined : rule.suppress.by?.map((part) => this.#onMatch(part))
    const except = rule.except.map((exception) => ({
      name: exception.name,
      when: this.#onMatch(exception.when),
      ...(exception.until === undefined ? {} : { until: Date.parse(exception.until) }),
    }))
    const alert = this.#alert(rule.alert)
    const onTimeout = rule.onTimeout ? this.#alert(rule.onTimeout) : undefined
    this.#problems.push(...checkFields(rule, this.#fieldsRead))
    if (this.#failed) return failure(this.#problems)

    const automaton = this.#compilePattern({
      pattern: rule.pattern,
      afterMatch: rule.afterMatch,
      slots: this.#names,
      conditional: new Set(events.flatMap((event, slot) => (event.conditional.length > 0 ? [slot] : []))),
      hasHaving: rule.having !== undefined,
      reportsTimeouts: rule.onTimeout !== undefined,
      partialMatchesMax: rule.limits.partialMatchesMax ?? PARTIAL_MATCHES_MAX_DEFAULT,
    })
    this.#problems.push(...automaton.problems)
    if (!automaton.ok) return failure(this.#problems)
    return success(
      {
        definition: rule,
        version: this.#version,
        keyNames: rule.by.map((part) => part.text.trim()),
        events: events.map(present),
        automaton: automaton.value,
        having,
        suppressBy: suppressBy?.flatMap((part) => part ?? []),
        except: except.flatMap(({ when, ...rest }) => (when ? [{ ...rest, when }] : [])),
        alert,
        onTimeout,
        lists: [...this.#lists.values()],
      },
      this.#problems,
    )
  }

  get #failed(): boolean {
    return this.#problems.some(({ severity }) => severity === 'error')
  }

  /** Definitions that no reader has seen (from programs) are checked here; warnings were the reader's. */
  #checkPattern(): void {
    const { pattern, afterMatch, limits } = this.#rule
    for (const problem of validatePattern(pattern, { names: this.#names, afterMatch, limits })) {
      if (problem.severity === 'warning') continue
      const below = problem.at.pointer ?? ''
      const pointer = below === '/afterMatch' ? below : `/pattern${below}`
      this.#problems.push({ ...problem, at: { ...problem.at, pointer } })
    }
  }

  #report(
    code: RuleCode,
    severity: 'error' | 'warning',
    source: SourceText,
    message: string,
    hint: string,
  ): void {
    const at = sourcePlace(source, { offset: 0, length: source.text.length })
    this.#problems.push({ code, severity, message, hint, at })
  }

  #expression(source: SourceText, scope: ExpressionScope, conjuncts = 1): Expression | undefined {
    const compiled = this.#tools.compileExpression(source, scope, conjuncts)
    this.#problems.push(...compiled.problems)
    if (!compiled.ok) return undefined
    for (const read of listReads(source, compiled.value))
      if (!this.#lists.has(read.list)) this.#lists.set(read.list, read)
    return compiled.value
  }

  #event(event: EventDefinition): EventParts {
    const key = (event.by ?? this.#rule.by).map((part) => this.#keyPart(part, event))
    const conjuncts = event.where ? this.#conjuncts(event, event.where) : []
    return {
      name: event.name,
      subject: event.from,
      key,
      unary: conjuncts.filter((part) => part.reads.steps.size === 0),
      conditional: conjuncts.filter((part) => part.reads.steps.size > 0),
    }
  }

  readonly #keyParts = new Map<SourceText, Expression | undefined>()

  /** The rule's own key is compiled once for all events that use it. */
  #keyPart(source: SourceText, event: EventDefinition): Expression | undefined {
    const known = this.#keyParts.has(source)
    const expression = known ? this.#keyParts.get(source) : this.#expression(source, NOTHING)
    if (expression) this.#noteReads(source, expression, event)
    if (known) return expression
    this.#keyParts.set(source, expression)
    if (expression?.reads.key) {
      this.#report(
        'key-reads-itself',
        'error',
        source,
        'A key cannot be computed from `$key`.',
        'name the field that holds it',
      )
    }
    return expression
  }

  #conjuncts(event: EventDefinition, where: SourceText): readonly Expression[] {
    const parts = this.#tools.splitConjuncts(where)
    this.#problems.push(...parts.problems)
    if (!parts.ok) return []
    return parts.value.flatMap((part) => {
      const expression = this.#expression(part, this.#scope, parts.value.length)
      if (expression) {
        this.#noteReads(part, expression, event)
        this.#checkReads(event, part, expression)
      }
      return expression ?? []
    })
  }

  #noteReads(source: SourceText, { reads }: Expression, atHand?: EventDefinition): void {
    if (atHand && reads.fields)
      this.#fieldsRead.push({ event: atHand, source, step: undefined, paths: reads.fields })
    for (const [slot, paths] of reads.steps) {
      const event = this.#rule.events[slot]
      if (event && paths) this.#fieldsRead.push({ event, source, step: event.name, paths })
    }
  }

  /** A condition that reads what can never be there is a mistake of order or of name. */
  #checkReads(event: EventDefinition, source: SourceText, expression: Expression): void {
    for (const slot of expression.reads.steps.keys()) {
      const name = this.#names[slot]
      if (name === undefined || this.#visibility.canSee(event.name, name)) continue
      if (!this.#visibility.positive.has(name)) this.#neverHeld(name, source)
      else if (name === event.name) {
        const hint = `write fields of the event at hand as bare names, without \`$${name}.\``
        this.#report(
          'reads-later-step',
          'error',
          source,
          `\`$${name}\` holds nothing yet while its own event is tried.`,
          hint,
        )
      } else {
        const message = `\`$${name}\` is always empty here: \`${name}\` cannot have been taken before \`${event.name}\`.`
        this.#report(
          'reads-later-step',
          'error',
          source,
          message,
          'put the condition on the later event, or into `having`',
        )
      }
    }
  }

  #neverHeld(name: string, source: SourceText): void {
    const message = `\`$${name}\` is always empty: the pattern never takes \`${name}\`.`
    this.#report('reads-absent-event', 'error', source, message, 'read an event that the pattern takes')
  }

  /** An expression over a complete match: there is no event at hand. */
  #onMatch(source: SourceText): Expression | undefined {
    const expression = this.#expression(source, this.#scope)
    if (!expression) return undefined
    this.#noteReads(source, expression)
    for (const slot of expression.reads.steps.keys()) {
      const name = this.#names[slot]
      if (name !== undefined && !this.#visibility.positive.has(name)) this.#neverHeld(name, source)
    }
    const [field] = expression.reads.fields ?? []
    if (field) {
      const path = field.join('.')
      const [first = 'step'] = this.#names
      const message = `\`${path}\` is nothing here: a match has no event at hand.`
      this.#report('reads-no-event', 'warning', source, message, `say of which step: \`$${first}.${path}\``)
    }
    return expression
  }

  #alert(template: AlertTemplate): AlertProgram {
    return {
      message: template.message ? this.#message(template.message) : undefined,
      evidence: template.evidence.flatMap(({ name, value }) => {
        const expression = this.#onMatch(value)
        return expression ? [{ name, value: expression }] : []
      }),
    }
  }

  #message(source: SourceText): readonly TextPart[] {
    const parts = parseTemplate(source)
    this.#problems.push(...parts.problems)
    if (!parts.ok) return []
    return parts.value.flatMap((part): readonly TextPart[] => {
      if (part.kind === 'text') return [part]
      const value = this.#onMatch(part.source)
      return value ? [{ kind: 'hole', value }] : []
    })
  }
}

type EventParts = Omit<EventProgram, 'key'> & { readonly key: ReadonlyArray<Expression | undefined> }

const present = (event: EventParts): EventProgram => ({
  ...event,
  key: event.key.flatMap((part) => part ?? []),
})
