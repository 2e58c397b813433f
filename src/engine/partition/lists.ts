import type { JsonValue, ListAccess } from '../model/index.ts'
import { canonicalPart } from '../route/index.ts'
import { readInstant } from './instant.ts'

/** A change of a list, as an entry of the log says it. */
export interface ListChange {
  readonly list: string
  /** A change that is no newer than the last one with a version is passed over; one without is always made. */
  readonly version?: number
  readonly put?: ReadonlyArray<{ readonly value: JsonValue; readonly until?: string | number }>
  readonly remove?: readonly JsonValue[]
  /** Everything else on the list goes. */
  readonly replace?: boolean
}

export interface ListRow {
  readonly list: string
  readonly value: string
  /** Undefined: taken off. Infinity: no end. */
  readonly until: number | undefined
}

/** Named sets of values with an end in event time. */
export class Lists implements ListAccess {
  readonly #lists = new Map<string, Map<string, number>>()
  readonly #now: () => number
  readonly #versions = new Map<string, number>()
  readonly #newVersions = new Set<string>()
  readonly #changes = new Map<string, { readonly list: string; readonly value: string }>()

  constructor(now: () => number) {
    this.#now = now
  }

  has(list: string, value: unknown): boolean {
    const values = this.#lists.get(list)
    if (values === undefined || values.size === 0) return false
    const canonical = canonicalPart(value)
    const until = canonical === undefined ? undefined : values.get(canonical)
    return until !== undefined && this.#now() < until
  }

  /** Values that cannot stand on a list (null, arrays, objects) and those beyond `valuesMax` are left out; gives how many. */
  change(change: ListChange, valuesMax: number): number {
    const { version } = change
    if (version !== undefined) {
      if (version <= (this.#versions.get(change.list) ?? 0)) return 0
      this.#versions.set(change.list, version)
      this.#newVersions.add(change.list)
    }
    let refused = 0
    if (change.replace === true) {
      for (const value of this.#lists.get(change.list)?.keys() ?? []) this.#delete(change.list, value)
    }
    for (const value of change.remove ?? []) {
      const canonical = canonicalPart(value)
      if (canonical !== undefined) this.#delete(change.list, canonical)
    }
    for (const { value, until } of change.put ?? []) {
      const canonical = canonicalPart(value)
      const end = until === undefined ? Number.POSITIVE_INFINITY : readInstant(until)
      const isFull = (this.#lists.get(change.list)?.size ?? 0) >= valuesMax
      if (canonical === undefined || end === undefined || isFull) refused++
      else this.restore({ list: change.list, value: canonical, until: end }, true)
    }
    return refused
  }

  restore(row: ListRow, changed = false): void {
    const values = this.#lists.get(row.list) ?? new Map<string, number>()
    this.#lists.set(row.list, values)
    values.set(row.value, row.until ?? Number.POSITIVE_INFINITY)
    if (changed) this.#note(row.list, row.value)
  }

  restoreVersion(list: string, version: number): void {
    this.#versions.set(list, version)
  }

  /** Last version of each list that has them. */
  get versions(): ReadonlyMap<string, number> {
    return this.#versions
  }

  drainVersions(visit: (list: string, version: number) => void): void {
    for (const list of this.#newVersions) visit(list, this.#versions.get(list) ?? 0)
    this.#newVersions.clear()
  }

  drainChanges(visit: (row: ListRow) => void): void {
    for (const { list, value } of this.#changes.values()) {
      visit({ list, value, until: this.#lists.get(list)?.get(value) })
    }
    this.#changes.clear()
  }

  #delete(list: string, value: string): void {
    if (this.#lists.get(list)?.delete(value) === true) this.#note(list, value)
  }

  #note(list: string, value: string): void {
    this.#changes.set(`${list}\n${value}`, { list, value })
  }
}
