import { Ajv, type ErrorObject } from 'ajv'
import formats from 'ajv-formats'
import { nearest, type Place, type Problem } from '../../engine/index.ts'
import type { ConfigCode } from './codes.ts'
import { pathOf } from './document.ts'
import { CONFIG_SCHEMA, type SchemaNode } from './schema.ts'

const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: true })
formats.default(ajv)
const validate = ajv.compile(CONFIG_SCHEMA)

export type PlaceOf = (path: readonly string[], what?: 'key' | 'value') => Place

/** Fills in defaults (in place) and returns everything that the schema has against the document. */
export function checkAgainstSchema(value: unknown, placeOf: PlaceOf): readonly Problem[] {
  if (validate(value)) return []
  return (validate.errors ?? []).map((error) => problemOf(error, placeOf))
}

function problemOf(error: ErrorObject, placeOf: PlaceOf): Problem {
  const path = pathOf(error.instancePath)
  const name = path.join('.')
  const schema = error.parentSchema as SchemaNode | undefined
  const problem = (code: ConfigCode, message: string, hint: string | undefined, at: Place): Problem => ({
    code,
    severity: 'error',
    message,
    ...(hint === undefined ? {} : { hint }),
    at,
  })
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty'])
      const known = Object.keys(schema?.properties ?? {}).filter((candidate) => !candidate.startsWith('$'))
      const meant = nearest(key, known)
      const hint = meant === undefined ? `keys here: ${known.join(', ')}` : `did you mean ${meant}?`
      const where = name === '' ? '' : ` in ${name}`
      return problem(
        'config-unknown-key',
        `no such key${where}: ${key}`,
        hint,
        placeOf([...path, key], 'key'),
      )
    }
    case 'required': {
      const key = String(error.params['missingProperty'])
      return problem(
        'config-missing-key',
        `${name === '' ? 'the file' : name} needs ${key}`,
        undefined,
        placeOf(path),
      )
    }
    case 'type':
      return problem(
        'config-wrong-type',
        `${name === '' ? 'the file' : name} must be ${article(String(error.params['type']))}, not ${kindOf(error.data)}`,
        exampleHint(schema),
        placeOf(path),
      )
    default: {
      // An address may hold a password.
      const isSecret = schema?.writeOnly === true || path.at(-1) === 'url'
      const shown = isSecret ? '' : `: ${JSON.stringify(error.data)?.slice(0, 80)}`
      return problem(
        'config-wrong-value',
        `${name} is not a value that is accepted here${shown}`,
        rangeHint(error, schema),
        placeOf(path),
      )
    }
  }
}

function rangeHint(error: ErrorObject, schema: SchemaNode | undefined): string | undefined {
  if (error.keyword === 'enum') {
    const allowed = (schema?.enum ?? []).map(String)
    const meant = typeof error.data === 'string' ? nearest(error.data, allowed) : undefined
    return meant === undefined ? `one of: ${allowed.join(', ')}` : `did you mean ${meant}?`
  }
  if (error.keyword === 'pattern' || error.keyword === 'format')
    return exampleHint(schema) ?? `it ${error.message}`
  return `it ${error.message}`
}

const exampleHint = (schema: SchemaNode | undefined): string | undefined =>
  schema?.examples === undefined || schema.examples.length === 0
    ? undefined
    : `for example ${schema.examples.map(String).join(', ')}`

const article = (type: string): string =>
  ({ integer: 'a whole number', boolean: 'true or false', string: 'text', array: 'a list', object: 'a map' })[
    type
  ] ?? type

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return (
    { number: 'a number', boolean: 'true or false', string: 'text', object: 'a map' }[
      typeof value as string
    ] ?? typeof value
  )
}
