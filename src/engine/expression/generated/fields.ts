import type { NamePath } from '../shapes.ts'
import { isMetadata, metadata, own } from '../values.ts'
import { ANYTHING, type Emitted, type Emitter, NOTHING, OBJECT, outside, TEXT } from './emitter.ts'
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
  const absent = types === OBJECT ? '' : `${code} !== undefined && ${code} !== null`
  emitter.line(`let ${value};`)
  if (isPlain(name)) {
    const read = `${value} = ${emitter.property(code, name)}; if (${value} === undefined && ${isArray(emitter)}(${code})) ${ask}`
    emitter.line(absent === '' ? read : `if (${absent}) { ${read} }`)
  } else {
    const read = `if (${isArray(emitter)}(${code})) ${ask} ${value} = ${emitter.constant(own)}(${code}, ${emitter.constant(name)});`
    emitter.line(absent === '' ? read : `if (typeof ${code} === 'object' && ${code} !== null) { ${read} }`)
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

/** A field of each event of a list: not remembered beyond the round. */
export const emitEventPath = (generator: Generator, data: string, path: readonly string[]): Emitted => {
  if (path.some(isMetadata)) return outside()
  let found: Emitted = { code: data, types: OBJECT | NOTHING }
  for (const name of path) found = emitField(generator, found, name)
  return found
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
  const event = emitter.once(`first ${step.slot}`, () =>
    emitter.local(`${taken.code}.length === 0 ? undefined : ${taken.code}[0]`, OBJECT | NOTHING),
  )
  if (path.length === 1 && isMetadata(only as string)) {
    const found = emitter.constant(metadata)
    const name = emitter.constant(only)
    return emitter.local(
      `${event.code} === undefined ? undefined : ${found}(${event.code}, ${name})`,
      TEXT | NOTHING,
    )
  }
  const data = emitter.once(`data ${step.slot}`, () =>
    emitter.local(`${event.code} === undefined ? undefined : ${event.code}.data`, OBJECT | NOTHING),
  )
  return path.length === 0 ? data : emitPath(generator, `step ${step.slot}`, data, path)
}

function emitMetadata(emitter: Emitter, event: string, name: string): Emitted {
  const found = emitter.constant(metadata)
  return emitter.once(`metadata ${name}`, () =>
    emitter.local(`${found}(${event}, ${emitter.constant(name)})`, TEXT | NOTHING),
  )
}
