import type { NamePath } from '../shapes.ts'
import { isMetadata, metadata, own } from '../values.ts'
import { ANYTHING, type Emitted, type Emitter, NOTHING, NULL, OBJECT, outside, TEXT } from './emitter.ts'
import type { Generator } from './generator.ts'

const PROTOTYPES: readonly object[] = [
  Object.prototype,
  Array.prototype,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
]

/** Whether a plain property read of any value finds a field of an object, and nothing else. */
const isPlain = (name: string): boolean =>
  !/^[0-9-]/.test(name) && PROTOTYPES.every((prototype) => !(name in prototype))

const isArray = (emitter: Emitter): string => emitter.constant(Array.isArray)

/** A field of a value. An array is a question for the closures. */
export function emitField({ emitter, ask }: Generator, object: Emitted, name: string): Emitted {
  const value = emitter.fresh()
  const { code, types } = object
  const present = [
    ...((types & NOTHING) === 0 ? [] : [`${code} !== undefined`]),
    ...((types & NULL) === 0 ? [] : [`${code} !== null`]),
  ].join(' && ')
  emitter.line(`let ${value};`)
  if (isPlain(name)) {
    const read = `${value} = ${emitter.property(code, name)}; if (${value} === undefined && ${isArray(emitter)}(${code})) ${ask}`
    emitter.line(present === '' ? read : `if (${present}) { ${read} }`)
  } else {
    const read = `if (${isArray(emitter)}(${code})) ${ask} ${value} = ${emitter.constant(own)}(${code}, ${emitter.constant(name)});`
    emitter.line(types === OBJECT ? read : `if (typeof ${code} === 'object' && ${code} !== null) { ${read} }`)
  }
  return { code: value, types: ANYTHING }
}

function emitPath(generator: Generator, key: string, root: Emitted, path: readonly string[]): Emitted {
  let found = root
  let known = key
  for (const name of path) {
    if (isMetadata(name)) outside()
    known += `.${JSON.stringify(name)}`
    const object = found
    found = generator.emitter.once(known, () => emitField(generator, object, name))
  }
  return found
}

/**
 * A field of each event of a list: not remembered beyond the round. The statement says what else to do where there is nothing; an event
 * whose data is no object throws, and the closures answer.
 */
export function emitEventPath(
  generator: Generator,
  data: string,
  path: readonly string[],
): { readonly value: string; readonly whenNothing: string } {
  if (path.some(isMetadata)) return outside()
  const { emitter, ask } = generator
  const [only] = path
  if (path.length === 1 && isPlain(only as string)) {
    const value = emitter.fresh()
    emitter.line(`const ${value} = ${emitter.property(data, only as string)};`)
    return { value, whenNothing: `if (${isArray(emitter)}(${data})) ${ask}` }
  }
  let found: Emitted = { code: data, types: OBJECT }
  for (const name of path) found = emitField(generator, found, name)
  return { value: found.code, whenNothing: ';' }
}

/** What a step has taken; asked for once. */
export const emitTaken = ({ emitter }: Generator, slot: number): Emitted =>
  emitter.once(`taken ${slot}`, () => emitter.local(`f.steps.taken(${slot})`, OBJECT))

/** `a.b`, `$step`, `$step.a`. */
export function emitNamePath(generator: Generator, { variable, path }: NamePath): Emitted {
  const { emitter, ask } = generator
  const [only] = path
  if (variable === undefined) {
    if (path.length === 0) return outside()
    emitter.first(`const e = f.event; if (e === undefined) ${ask}`)
    emitter.first(`const d = e.data; if (typeof d !== 'object' || d === null) ${ask}`)
    if (path.length === 1 && isMetadata(only as string)) {
      emitter.first(`if (${isArray(emitter)}(d)) ${ask}`)
      return emitMetadata(emitter, 'e', only as string)
    }
    return emitPath(generator, 'event', { code: 'd', types: OBJECT }, path)
  }
  const step = generator.step(variable)
  if (step === undefined || step.counted) return outside()
  const taken = emitTaken(generator, step.slot)
  const isEmpty = `${taken.code}.length === 0`
  if (path.length === 1 && isMetadata(only as string)) {
    const found = emitter.constant(metadata)
    const name = emitter.constant(only)
    return emitter.local(`${isEmpty} ? undefined : ${found}(${taken.code}[0], ${name})`, TEXT | NOTHING)
  }
  // The data of an event is an object; where it is not, the read of its field throws, or finds nothing.
  const data = emitter.once(`data ${step.slot}`, () =>
    emitter.local(`${isEmpty} ? undefined : ${taken.code}[0].data`, OBJECT | NOTHING),
  )
  return path.length === 0 ? data : emitPath(generator, `step ${step.slot}`, data, path)
}

function emitMetadata(emitter: Emitter, event: string, name: string): Emitted {
  const found = emitter.constant(metadata)
  return emitter.once(`metadata ${name}`, () =>
    emitter.local(`${found}(${event}, ${emitter.constant(name)})`, TEXT | NOTHING),
  )
}
