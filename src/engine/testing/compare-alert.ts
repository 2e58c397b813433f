import type { ExpectedAlert, JsonValue } from '../model/index.ts'

/** One field in which an alert is not what a test expects. `undefined`: absent. */
export interface Difference {
  /** `at`, `severity`, `message`, `key`, `evidence.<name>`, `alerts`. */
  readonly field: string
  readonly expected: JsonValue | undefined
  readonly got: JsonValue | undefined
}

/** What a test compares of an alert. */
export interface TestedAlert {
  /** From the start of the test's clock. */
  readonly atMs: number
  readonly severity: string
  readonly message?: string
  readonly key: Readonly<Record<string, JsonValue>>
  readonly evidence: Readonly<Record<string, JsonValue>>
}

/** The fields that the test names and that differ. */
export function differences(expected: ExpectedAlert, got: TestedAlert): Difference[] {
  const found: Difference[] = []
  const compare = (field: string, wanted: JsonValue | undefined, actual: JsonValue | undefined): void => {
    if (wanted !== undefined && !isEqual(wanted, actual)) found.push({ field, expected: wanted, got: actual })
  }
  compare('at', expected.atMs, got.atMs)
  compare('severity', expected.severity, got.severity)
  compare('message', expected.message, got.message)
  compare('key', expected.key, sameForm(expected.key, got.key))
  for (const [name, wanted] of Object.entries(expected.evidence ?? {})) {
    compare(`evidence.${name}`, wanted, Object.hasOwn(got.evidence, name) ? got.evidence[name] : undefined)
  }
  return found
}

/** A test may name a key of one part by its value alone. */
function sameForm(expected: JsonValue | undefined, key: TestedAlert['key']): JsonValue {
  const values = Object.values(key)
  const isScalar = typeof expected !== 'object' || expected === null
  return isScalar && values.length === 1 ? (values[0] ?? null) : { ...key }
}

/** JSON equality: the order of members does not count. */
export function isEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => isEqual(item, b[index]))
  }
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
}
