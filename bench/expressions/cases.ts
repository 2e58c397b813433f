import type { JsonObject } from '../../src/engine/index.ts'

/** What a predicate sees: the event at hand and what two steps have taken (`login` one event, `pay` many). */
export interface World {
  readonly data: JsonObject
  readonly login: JsonObject
  readonly pay: readonly JsonObject[]
}

export interface BenchCase {
  readonly name: string
  readonly text: string
  /** What a careful engineer writes for the same predicate: one load and one type check per field. */
  readonly hand: (world: World) => boolean
  /** The same predicate with other constants, for many distinct rules. */
  readonly variant: (n: number) => string
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN)
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function sum(events: readonly JsonObject[], field: string): number {
  let total = 0
  for (let i = 0; i < events.length; i++) {
    const value = events[i]?.[field]
    if (typeof value === 'number') total += value
  }
  return total
}

export const CASES: readonly BenchCase[] = [
  {
    name: 'equality',
    text: 'outcome = "failure"',
    hand: ({ data }) => data.outcome === 'failure',
    variant: (n) => `outcome = "failure${n}"`,
  },
  {
    name: 'comparison',
    text: 'amount <= 5',
    hand: ({ data }) => numberOf(data.amount) <= 5,
    variant: (n) => `amount <= ${5 + n}`,
  },
  {
    name: 'band',
    text: 'amount >= 7000 and amount < 10000',
    hand: ({ data }) => {
      const amount = numberOf(data.amount)
      return amount >= 7000 && amount < 10000
    },
    variant: (n) => `amount >= ${7000 - n} and amount < ${10000 + n}`,
  },
  {
    name: 'and, in',
    text: 'amount > 100 and country = "NO" and channel in ["web", "app", "phone"]',
    hand: ({ data }) => {
      if (!(numberOf(data.amount) > 100) || data.country !== 'NO') return false
      const { channel } = data
      return channel === 'web' || channel === 'app' || channel === 'phone'
    },
    variant: (n) => `amount > ${n} and country = "NO" and channel in ["web", "app", "phone${n}"]`,
  },
  {
    name: 'nested path',
    text: 'creditor.account.bank = "DNB"',
    hand: ({ data }) => {
      const { creditor } = data
      if (!isObject(creditor)) return false
      const { account } = creditor
      return isObject(account) && account.bank === 'DNB'
    },
    variant: (n) => `creditor.account.bank = "DNB${n}"`,
  },
  {
    name: 'earlier step',
    text: 'outcome = "success" and device != $login.device',
    hand: ({ data, login }) =>
      data.outcome === 'success' &&
      data.device !== undefined &&
      login.device !== undefined &&
      data.device !== login.device,
    variant: (n) => `outcome = "success${n}" and device != $login.device`,
  },
  {
    name: 'sum',
    text: '$sum($pay.amount) >= 20000',
    hand: ({ pay }) => sum(pay, 'amount') >= 20000,
    variant: (n) => `$sum($pay.amount) >= ${20000 + n}`,
  },
  {
    name: 'max, arithmetic',
    text: 'amount > 2 * $max($pay.amount)',
    hand: ({ data, pay }) => {
      let max = Number.NEGATIVE_INFINITY
      for (let i = 0; i < pay.length; i++) {
        const value = pay[i]?.amount
        if (typeof value === 'number' && value > max) max = value
      }
      return numberOf(data.amount) > 2 * max
    },
    variant: (n) => `amount > ${2 + n} * $max($pay.amount)`,
  },
  {
    name: 'distinct',
    text: '$count($distinct($pay.merchant)) >= 3',
    hand: ({ pay }) => {
      const seen = new Set<unknown>()
      for (let i = 0; i < pay.length; i++) {
        const value = pay[i]?.merchant
        if (value !== undefined) seen.add(value)
      }
      return seen.size >= 3
    },
    variant: (n) => `$count($distinct($pay.merchant)) >= ${3 + n}`,
  },
  {
    name: 'text',
    text: '$contains($lowercase(note), "gift")',
    hand: ({ data }) => typeof data.note === 'string' && data.note.toLowerCase().includes('gift'),
    variant: (n) => `$contains($lowercase(note), "gift${n}")`,
  },
  {
    name: 'regex',
    text: '$contains(command, /^sudo (su|bash)$/)',
    hand: ({ data }) => typeof data.command === 'string' && SUDO.test(data.command),
    variant: (n) => `$contains(command, /^sudo (su|bash|sh${n})$/)`,
  },
  {
    name: 'prefix, or',
    text: '$substring(host, 0, 3) = "db-" or severity > 7',
    hand: ({ data }) =>
      (typeof data.host === 'string' && data.host.startsWith('db-')) || numberOf(data.severity) > 7,
    variant: (n) => `$substring(host, 0, 3) = "db-" or severity > ${7 + n}`,
  },
]

const SUDO = /^sudo (su|bash)$/
