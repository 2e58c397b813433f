import { createHash } from 'node:crypto'

/** Who did what, or tried to. */
export interface AuditEntry {
  /** Id of the API key, `jwt:` and a name, `address:` and an IP address, or `local` where no key is needed. */
  readonly actor: string
  /** The operation as OpenAPI names it. */
  readonly action: string
  /** The address that it was done to. */
  readonly object: string
  readonly outcome: 'done' | 'refused' | 'failed'
  /** HTTP status, and the code of the problem when there was one. */
  readonly status: number
  readonly code?: string
  /** As the caller gave it. */
  readonly reason?: string
  /** Version before and after, of things that have versions. */
  readonly before?: number
  readonly after?: number
  /** What a request for many rules did to each. */
  readonly changes?: ReadonlyArray<{
    readonly id: string
    readonly change: string
    readonly version: number
    readonly proposal?: string
    readonly breakGlass?: true
  }>
  /** The proposal that was made or decided on, and its rule. */
  readonly proposal?: string
  readonly rule?: string
  /** Who wrote what was approved, and who approved it: of the change that was carried out. */
  readonly author?: string
  readonly approvers?: readonly string[]
  /** Others would have had to approve it; an operator did without. */
  readonly breakGlass?: true
  /** Of an erasure: HMAC of the key, which is not kept. */
  readonly keyHash?: string
  /** How often the same was refused since the last record of it. */
  readonly repeated?: number
}

/** An entry in its place: it holds the hash of the record before it, so that none can be changed, taken out or put between. */
export interface AuditRecord extends AuditEntry {
  /** Dense from 1; the sequence in the stream. */
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  /** Hash of the record before; 64 zeros in the first. */
  readonly previous: string
  /** SHA-256 of the canonical JSON of everything else, hexadecimal. */
  readonly hash: string
}

export const FIRST_PREVIOUS = '0'.repeat(64)

export const sealed = (record: Omit<AuditRecord, 'hash'>): AuditRecord => ({
  ...record,
  hash: hashOf(record),
})

export function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  const { hash: _, ...rest } = record as AuditRecord
  return createHash('sha256').update(canonical(rest)).digest('hex')
}

/** JSON with the members of every object in order of their names, without what is undefined. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}

/** The record in a stored text; undefined when it is none. */
export function readAuditRecord(text: string): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { number, previous, hash } = value as Partial<Record<keyof AuditRecord, unknown>>
    return Number.isSafeInteger(number) && typeof previous === 'string' && typeof hash === 'string'
      ? (value as AuditRecord)
      : undefined
  } catch {
    return undefined
  }
}
