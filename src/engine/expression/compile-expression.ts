import {
  type Expression,
  type ExpressionReads,
  type ExpressionScope,
  type Frame,
  failure,
  type Join,
  type PredicateForm,
  type Problem,
  type Result,
  type SourceText,
  sourcePlace,
  success,
} from '../model/index.ts'
import type { Ast } from './ast.ts'
import { check } from './check.ts'
import { type Code, compileCode, type Outside } from './code/index.ts'
import { type Closures, counted, Evaluator } from './evaluator.ts'
import { Failure } from './failure.ts'
import { compileFast, type FastOptions } from './fast/index.ts'
import { formOf } from './forms.ts'
import { CODEGEN, type Codegen, generatorsOf } from './generated/index.ts'
import { joinOf } from './joins.ts'
import { lint } from './lints.ts'
import { boundNames } from './names.ts'
import { ruleNames } from './outside.ts'
import { parse, type Trouble } from './parse.ts'
import { readsOf } from './reads.ts'
import { type Limits, RULE_LIMITS, shareOf } from './run.ts'
import { conjunctsOf } from './shapes.ts'
import { isTrue } from './values.ts'
import { depthOf, sizeOf } from './walk.ts'

export interface ExpressionOptions {
  readonly scope: ExpressionScope
  readonly limits?: Partial<Limits>
  /** Which expressions get generated source; when absent, as the process is set. */
  readonly codegen?: Codegen
}

class CompiledExpression extends Evaluator implements Expression {
  readonly source: string
  readonly reads: ExpressionReads
  readonly form?: PredicateForm
  readonly join?: Join

  constructor(
    source: string,
    known: {
      readonly reads: ExpressionReads
      readonly form: PredicateForm | undefined
      readonly join: Join | undefined
    },
    closures: Closures,
    limits: Limits,
    codegen: Codegen,
  ) {
    super(closures, limits, codegen)
    this.source = source
    this.reads = known.reads
    if (known.form !== undefined) this.form = known.form
    if (known.join !== undefined) this.join = known.join
  }
}

const DEPTH_MAX = 250

/** Parts of conditions that were linted as a whole: what one part lacks, another may have. */
export const LINTED = new WeakSet<SourceText>()

export const asSource = (source: SourceText | string): SourceText =>
  typeof source === 'string' ? { text: source, pointer: '' } : source

export function asProblem(
  source: SourceText,
  { code, message, hint, offset, length }: Trouble,
  severity: 'error' | 'warning' = 'error',
): Problem {
  return {
    code,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    at: sourcePlace(source, { offset, length }),
  }
}

/** Compiles a closure; what the language has and this profile refuses is a trouble. */
export function closuresOf(
  ast: Ast,
  bound: ReadonlySet<string>,
  outside: Outside,
  limits: Limits,
  steps: FastOptions['steps'] = new Map(),
): Closures | Trouble {
  try {
    const general = (node: Ast): Code => compileCode(node, bound, outside)
    const whole = general(ast)
    const size = sizeOf(ast)
    // A text that gives values to names may hide library functions and steps; the general closures know.
    if (bound.size === 0)
      return {
        general: whole,
        size,
        ...compileFast(ast, { steps, limits, general }),
        generators: generatorsOf(ast, { steps, limits }),
      }
    const conjuncts = conjunctsOf(ast)
    const share = shareOf(limits, conjuncts.length)
    const parts = conjuncts.map((part) => {
      const code = counted(general(part), share)
      return (data: unknown, frame: Frame): boolean => isTrue(code(data, frame))
    })
    return { general: whole, value: undefined, parts, size }
  } catch (error) {
    if (error instanceof RangeError)
      return {
        code: 'expression-too-long',
        message: 'The expression nests too deeply.',
        offset: 0,
        length: 1,
      }
    if (!(error instanceof Failure)) throw error
    return {
      code: 'regex-unsupported',
      message: `The regular expression /${String(error.value)}/ is outside RE2's syntax.`,
      hint: 'look-around and back-references cannot be bounded; write it without them',
      offset: 0,
      length: 1,
    }
  }
}

/** Compiles one expression of a rule. All that is wrong is returned, with places in the author's file. */
export function compileExpression(
  source: SourceText | string,
  { scope, limits, codegen = CODEGEN }: ExpressionOptions,
): Result<Expression> {
  const origin = asSource(source)
  const parsed = parse(origin.text)
  if (!parsed.ok) return failure([asProblem(origin, parsed.trouble)])
  const { ast } = parsed
  if (depthOf(ast, DEPTH_MAX) > DEPTH_MAX) {
    const message = `The expression nests more than ${DEPTH_MAX} deep; a chain of operators nests once for each.`
    const trouble = { code: 'expression-too-long', message, hint: 'a long `or` of values is `in […]`' }
    return failure([asProblem(origin, { ...trouble, offset: 0, length: 1 })])
  }
  const bound = boundNames(ast)
  const outside = ruleNames(scope)
  const errors = check(ast, origin.text, bound, outside.names)
  if (errors.length > 0) return failure(errors.map((trouble) => asProblem(origin, trouble)))
  const steps = new Map(scope.steps.map(({ name, counted }, slot) => [name, { slot, counted }]))
  const allowed = { ...RULE_LIMITS, ...limits }
  const closures = closuresOf(ast, bound, outside, allowed, steps)
  if ('code' in closures) return failure([asProblem(origin, closures)])
  return success(
    new CompiledExpression(
      origin.text,
      {
        reads: readsOf(ast, scope, bound),
        form: bound.size === 0 ? formOf(ast) : undefined,
        join:
          bound.size === 0
            ? joinOf(ast, { steps, limits: allowed, general: (node) => compileCode(node, bound, outside) })
            : undefined,
      },
      closures,
      allowed,
      codegen,
    ),
    LINTED.has(origin) ? [] : lint(ast, origin.text).map((trouble) => asProblem(origin, trouble, 'warning')),
  )
}
