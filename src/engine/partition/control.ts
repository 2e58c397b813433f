import type { JsonValue } from '../model/index.ts'
import type { ListChange } from './lists.ts'

export const CONTROL_PREFIX = 'sequitur.log.'

/** Stands in for an entry that was erased: never written to the log, made by whoever reads it. */
export const ERASED_SUBJECT = `${CONTROL_PREFIX}erased`

const utf8 = new TextDecoder('utf-8', { fatal: true })
const CONTROL_BYTES_MAX = 1_048_576

/** The JSON object of a control entry; undefined when it is none. */
export function readControl(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (payload.length > CONTROL_BYTES_MAX) return undefined
  try {
    const value: unknown = JSON.parse(utf8.decode(payload))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

export function readListChange(value: Readonly<Record<string, unknown>>): ListChange | undefined {
  const { list, version, put, remove, replace } = value
  if (typeof list !== 'string' || list === '') return undefined
  if (version !== undefined && !Number.isSafeInteger(version)) return undefined
  return {
    list,
    ...(version === undefined ? {} : { version: version as number }),
    put: Array.isArray(put) ? put.filter(isPut) : [],
    remove: Array.isArray(remove) ? (remove as JsonValue[]) : [],
    replace: replace === true,
  }
}

const isPut = (item: unknown): item is { readonly value: JsonValue } =>
  typeof item === 'object' && item !== null && 'value' in item
