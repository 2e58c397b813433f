import type { Ast } from '../ast.ts'
import { type NamedCall, namedCall, namePath } from '../shapes.ts'
import { type Emitted, NOTHING, NUMBER, outside } from './emitter.ts'
import { emitEventPath, emitTaken } from './fields.ts'
import type { Generator } from './generator.ts'

/** Longer steps of partial matches are not gone through again and again. */
const GROWING_MAX = 32

interface Fold {
  readonly start: string
  readonly combine: (total: string, value: string) => string
  readonly finish: (total: string, count: string) => string
}

const total = (code: string): string => code

const FOLDS: Readonly<Record<string, Fold>> = {
  sum: { start: '0', combine: (sum, value) => `${sum} + ${value}`, finish: total },
  average: {
    start: '0',
    combine: (sum, value) => `${sum} + ${value}`,
    finish: (sum, count) => `${sum} / ${count}`,
  },
  max: { start: '-Infinity', combine: (most, value) => `Math.max(${most}, ${value})`, finish: total },
  min: { start: 'Infinity', combine: (least, value) => `Math.min(${least}, ${value})`, finish: total },
}

/** `$sum($a.amount)`, `$count($distinct($a.merchant))` over what a counted step has taken. */
export function emitFold(generator: Generator, { name, args }: NamedCall): Emitted {
  const [arg] = args
  if (arg === undefined || args.length !== 1) return outside()
  const inner = name === 'count' ? namedCall(arg) : undefined
  if (inner?.name === 'distinct' && inner.args.length === 1)
    return emitDistinct(generator, inner.args[0] as Ast)
  const { slot, path } = eventsOf(generator, arg)
  if (name === 'count') {
    if (path.length === 0) return generator.emitter.local(`f.steps.count(${slot})`, NUMBER)
    return emitCount(generator, slot, path)
  }
  const fold = FOLDS[name]
  return fold === undefined || path.length === 0 ? outside() : emitNumbers(generator, slot, path, fold)
}

function eventsOf(generator: Generator, arg: Ast): { slot: number; path: readonly string[] } {
  const found = namePath(arg)
  const step = found?.variable === undefined ? undefined : generator.step(found.variable)
  return found === undefined || step?.counted !== true ? outside() : { slot: step.slot, path: found.path }
}

/** A loop over the events of a step: what is done with the value at the path in each, and where there is none. */
function emitLoop(
  generator: Generator,
  slot: number,
  path: readonly string[],
  body: (value: string, whenNothing: string) => string,
): void {
  const { emitter, ask } = generator
  // Of a long step that grows, the closures know what was before.
  emitter.line(`if (f.steps.fold !== undefined && f.steps.count(${slot}) > ${GROWING_MAX}) ${ask}`)
  const events = emitTaken(generator, slot).code
  const length = emitter.fresh()
  emitter.line(`const ${length} = ${events}.length; if (${length} > ${emitter.fold()}) ${ask}`)
  const i = emitter.fresh()
  emitter.block(`for (let ${i} = 0; ${i} < ${length}; ${i}++)`, () => {
    const data = emitter.fresh()
    emitter.line(`const ${data} = ${events}[${i}].data;`)
    const { value, whenNothing } = emitEventPath(generator, data, path)
    emitter.line(body(value, whenNothing))
  })
}

function emitNumbers(generator: Generator, slot: number, path: readonly string[], fold: Fold): Emitted {
  const { emitter, ask } = generator
  const sum = emitter.fresh()
  const count = emitter.fresh()
  emitter.line(`let ${sum} = ${fold.start}, ${count} = 0;`)
  emitLoop(
    generator,
    slot,
    path,
    (value, whenNothing) =>
      `if (typeof ${value} === 'number') { ${sum} = ${fold.combine(sum, value)}; ${count}++; } else if (${value} === undefined) { ${whenNothing} } else ${ask}`,
  )
  return emitter.local(`${count} === 0 ? undefined : ${fold.finish(sum, count)}`, NUMBER | NOTHING)
}

function emitCount(generator: Generator, slot: number, path: readonly string[]): Emitted {
  const { emitter, ask } = generator
  const count = emitter.fresh()
  emitter.line(`let ${count} = 0;`)
  const isArray = emitter.constant(Array.isArray)
  emitLoop(
    generator,
    slot,
    path,
    (value, whenNothing) =>
      `if (${value} === undefined) { ${whenNothing} } else if (${isArray}(${value})) ${ask} else ${count}++;`,
  )
  return { code: count, types: NUMBER }
}

/** One list serves all: evaluations do not nest. */
const values: unknown[] = []
const seen = new Set<unknown>()
const PAIRWISE_MAX = 16

/** How many of the first values are different. */
function distinct(count: number): number {
  if (count > PAIRWISE_MAX) return distinctOfMany(count)
  let different = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]
    let j = 0
    while (j < different && values[j] !== value) j++
    if (j === different) values[different++] = value
  }
  return different
}

function distinctOfMany(count: number): number {
  for (let i = 0; i < count; i++) seen.add(values[i])
  const { size } = seen
  seen.clear()
  values.length = 0
  return size
}

function emitDistinct(generator: Generator, arg: Ast): Emitted {
  const { emitter, ask } = generator
  const { slot, path } = eventsOf(generator, arg)
  if (path.length === 0) return outside()
  const list = emitter.constant(values)
  const count = emitter.fresh()
  emitter.line(`let ${count} = 0;`)
  emitLoop(
    generator,
    slot,
    path,
    (value, whenNothing) =>
      `if (${value} === undefined) { ${whenNothing} } else if ((typeof ${value} === 'object' && ${value} !== null) || ${value} !== ${value}) ${ask} else ${list}[${count}++] = ${value};`,
  )
  return emitter.local(`${emitter.constant(distinct)}(${count})`, NUMBER)
}
