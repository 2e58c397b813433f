import type { GuestStatistics } from './contract.ts'
import { type FuelTank, fillFuel, fuelTank, type LogPlace } from './fuel-account.ts'
import type { PartitionLimits } from './limits.ts'

/** What a guest pays for everything that its rules have done, about as much as it takes beside an evaluation. */
export const GUEST_FUEL = {
  /** An event comes to a key. */
  delivery: 6,
  /** The key had nothing before. */
  newKey: 6,
  /** It satisfies an event definition and has no usable key. */
  withoutKey: 4,
  /** An alert, withheld or not. */
  alert: 90,
} as const

/** What used the fuel up of a rule that is suspended for what all of its namespace used. */
export const BY_NAMESPACE = 'its namespace'

/** As it is stored. */
export interface StoredBudget extends FuelTank {
  readonly namespace: string
  readonly span: number
  /** Absent where nothing was counted yet. */
  readonly used?: number
  readonly suspensions?: number
}

/** What all rules of one namespace together may use. */
export interface GuestBudget {
  readonly namespace: string
  readonly tank: FuelTank
  /** Counts the spans of the log over which it is added up which rule is dear: each ends when nothing is owed, or with a suspension. */
  span: number
  /** Fuel, ever. */
  used: number
  /** Of its rules, for what all of them used. */
  suspensions: number
}

/** A span of a namespace. */
export interface GuestSpan {
  readonly namespace: string
  readonly span: number
}

/** What a version has used of its namespace's budget in one span. */
export interface GuestUse {
  span: number
  fuel: number
}

/** The budgets of the namespaces that are guests; their authors are not trusted with the speed of others. */
export class GuestBudgets {
  readonly perSecondMax: number
  readonly #budgets: ReadonlyMap<string, GuestBudget>
  readonly #overdrawn = new Set<GuestBudget>()

  constructor({ guestNamespaces, guestFuelPerSecondMax }: PartitionLimits) {
    this.perSecondMax = guestFuelPerSecondMax
    this.#budgets = new Map(
      guestNamespaces.map((namespace) => [
        namespace,
        { namespace, tank: fuelTank(guestFuelPerSecondMax), span: 0, used: 0, suspensions: 0 },
      ]),
    )
  }

  /** Undefined for a namespace that is no guest. */
  of(namespace: string): GuestBudget | undefined {
    return this.#budgets.get(namespace)
  }

  get hasOverdrawn(): boolean {
    return this.#overdrawn.size > 0
  }

  spend(budget: GuestBudget, use: GuestUse, at: LogPlace, amount: number): void {
    if (fillFuel(budget.tank, this.perSecondMax, at)) budget.span++
    budget.tank.fuel -= amount
    budget.used += amount
    if (use.span !== budget.span) {
      use.span = budget.span
      use.fuel = 0
    }
    use.fuel += amount
    if (budget.tank.fuel < 0) this.#overdrawn.add(budget)
  }

  /** Those that were overdrawn. They go on with a full one: those that used most are to be suspended, and the debt is theirs. */
  relieve(): GuestSpan[] {
    const overdrawn = [...this.#overdrawn].map(({ namespace, span }) => ({ namespace, span }))
    for (const budget of this.#overdrawn) {
      budget.tank.fuel = fuelTank(this.perSecondMax).fuel
      budget.span++
    }
    this.#overdrawn.clear()
    return overdrawn
  }

  /** Rules of the namespace were suspended for what all of them used. */
  countSuspensions({ namespace }: GuestSpan, count: number): void {
    const budget = this.#budgets.get(namespace)
    if (budget !== undefined) budget.suspensions += count
  }

  /** As it is at a place in the log. */
  statistics(at: LogPlace): GuestStatistics[] {
    const full = fuelTank(this.perSecondMax).fuel
    return [...this.#budgets.values()].map(({ namespace, tank, used, suspensions }) => {
      const filled = { ...tank }
      fillFuel(filled, this.perSecondMax, at)
      return { namespace, used, left: filled.fuel / full, suspensions }
    })
  }

  stored(): StoredBudget[] {
    return [...this.#budgets.values()].map(({ tank, ...rest }) => ({ ...rest, ...tank }))
  }

  restore(stored: readonly StoredBudget[]): void {
    for (const { namespace, span, used = 0, suspensions = 0, ...tank } of stored) {
      const budget = this.#budgets.get(namespace)
      if (budget === undefined) continue
      Object.assign(budget.tank, tank)
      Object.assign(budget, { span, used, suspensions })
    }
  }
}
