import { HOME_CITIES, MERCHANTS } from './places.ts'
import { MINUTE, type PlannedEvent, SECOND } from './planned-event.ts'
import type { Random } from './random.ts'

/** Enough that no two everyday payments of one account come within minutes of each other, at any sensible rate. */
const CUSTOMERS = 20_000
/** Few, so that none of them sleeps for months. */
const SAVINGS_ACCOUNTS = 30

/** What honest people and healthy machines cause: nothing here makes any rule of the packs alert. */
export class Everyday {
  readonly #random: Random
  #turn: number

  constructor(random: Random) {
    this.#random = random
    this.#turn = random.int(0, CUSTOMERS)
  }

  /** One event at `at`, and what follows from it later. */
  event(at: number): readonly [PlannedEvent, ...PlannedEvent[]] {
    const random = this.#random
    // Everybody in turn: by chance alone somebody would now and then do a lot at once, which is what the rules look for.
    this.#turn = (this.#turn + 7_919) % CUSTOMERS
    const customer = this.#turn
    const money = { currency: 'EUR', merchant: random.pick(MERCHANTS) }
    const plan = (subject: string, data: PlannedEvent['data']): [PlannedEvent] => [{ at, subject, data }]
    const dice = random.next()
    if (dice < 0.3)
      return plan('payments.card.approved', {
        card_id: `k-${customer}`,
        account_id: `a-${customer}`,
        amount: random.amount(3, 180),
        ...money,
      })
    if (dice < 0.35)
      return plan('payments.card.declined', {
        card_id: `k-${customer}`,
        account_id: `a-${customer}`,
        amount: random.amount(15, 400),
        reason: random.pick(['insufficient-funds', 'expired']),
        ...money,
      })
    if (dice < 0.5) return plan('auth.login', this.#login(customer))
    if (dice < 0.6) return this.#transfer(at, customer)
    if (dice < 0.66) return this.#payment(at, money)
    if (dice < 0.76)
      return plan(`accounts.${random.pick(['fee', 'payment', 'interest'])}.posted`, {
        account_id: `a-${customer % SAVINGS_ACCOUNTS}`,
        direction: random.pick(['in', 'out']),
        amount: random.amount(1, 300),
        currency: 'EUR',
      })
    if (dice < 0.86)
      return plan('shop.order.paid', {
        customer_id: `u-${customer}`,
        order_id: `o-${random.hex(6)}`,
        amount: random.amount(8, 220),
        currency: 'EUR',
      })
    if (dice < 0.88)
      return plan('shop.order.refunded', {
        customer_id: `u-${customer}`,
        order_id: `o-${random.hex(6)}`,
        amount: random.amount(8, 120),
        currency: 'EUR',
        reason: 'changed_mind',
      })
    if (dice < 0.91)
      return plan('payments.cash.deposited', {
        customer_id: `u-${customer}`,
        amount: random.int(2, 60) * 50,
        currency: 'EUR',
        branch: random.pick(['north', 'south', 'harbour', 'station']),
      })
    if (dice < 0.93)
      return plan('credit.limit.raised', { account_id: `a-${customer}`, new_limit: random.int(2, 9) * 1_000 })
    if (dice < 0.96)
      return plan('credit.repayment.received', {
        account_id: `a-${customer}`,
        amount: random.amount(50, 900),
      })
    if (dice < 0.98)
      return plan('payments.payee.added', {
        customer_id: `u-${customer}`,
        session_id: `s-${random.hex(6)}`,
        iban: `DE${random.int(10, 99)}DEMO${random.int(10_000_000, 99_999_999)}`,
      })
    if (dice < 0.99) return plan('auth.step_up.passed', { customer_id: `u-${customer}`, method: 'push' })
    return plan('logs.app.error', {
      service: random.pick(['checkout', 'ledger', 'search', 'mail']),
      pod: `pod-${random.int(1, 400)}`,
      code: random.pick(['E_NOT_FOUND', 'E_TIMEOUT', 'E_BAD_INPUT']),
      message: 'request failed',
    })
  }

  #login(customer: number): PlannedEvent['data'] {
    const home = HOME_CITIES[customer % HOME_CITIES.length] ?? HOME_CITIES[0]
    return {
      customer_id: `u-${customer}`,
      outcome: this.#random.chance(0.96) ? 'success' : 'failure',
      device_id: `d-${customer}`,
      session_id: `s-${this.#random.hex(6)}`,
      ip: `192.0.2.${customer % 250}`,
      ...home,
    }
  }

  /** To a shop, so that no account of a customer ever collects and passes on. */
  #transfer(at: number, customer: number): readonly [PlannedEvent, ...PlannedEvent[]] {
    const random = this.#random
    const data = {
      transfer_id: `t-${random.hex(8)}`,
      debtor: { account: `a-${customer}` },
      creditor: { account: `shop-${random.int(1, 500)}` },
      amount: random.amount(10, 900),
      currency: 'EUR',
    }
    const settled = { subject: 'payments.transfer.settled', at: at + random.int(5, 40) * SECOND, data }
    return [{ subject: 'payments.transfer.created', at, data }, settled]
  }

  #payment(at: number, money: PlannedEvent['data']): readonly [PlannedEvent, ...PlannedEvent[]] {
    const random = this.#random
    const payment = { payment_id: `p-${random.hex(8)}` }
    return [
      { subject: 'payments.authorised', at, data: { ...payment, amount: random.amount(5, 250), ...money } },
      {
        subject: random.chance(0.9) ? 'payments.captured' : 'payments.cancelled',
        at: at + random.int(20, 4 * 60) * SECOND,
        data: payment,
      },
    ]
  }
}

const INSTANCES = ['i-1', 'i-2', 'i-3'] as const
const BEAT_MS = 30 * SECOND
const SILENCE_MS = 4 * MINUTE

/** Instances of a service that say every half minute that they live. */
export class Heartbeats {
  #silent: { readonly instance: string; readonly until: number } | undefined

  /** The first beats, one per instance. */
  start(at: number): readonly PlannedEvent[] {
    return INSTANCES.map((instance, index) => beat(instance, at + index * 9 * SECOND))
  }

  /** What follows a beat: the next one. Undefined for an event that is none. */
  after({ subject, at, data }: PlannedEvent): PlannedEvent | undefined {
    const instance = data['instance']
    if (subject !== 'ops.heartbeat' || typeof instance !== 'string') return undefined
    const silent = this.#silent
    return beat(
      instance,
      silent?.instance === instance && at < silent.until ? silent.until + BEAT_MS : at + BEAT_MS,
    )
  }

  /** One of them is not heard for a while. */
  silence(random: Random, at: number): void {
    this.#silent = { instance: random.pick(INSTANCES), until: at + SILENCE_MS }
  }

  /** They are stopped as planned. */
  stop(at: number): readonly PlannedEvent[] {
    return INSTANCES.map((instance) => ({
      subject: 'ops.instance.stopped',
      at,
      data: { service: 'checkout', instance },
    }))
  }
}

const beat = (instance: string, at: number): PlannedEvent => ({
  subject: 'ops.heartbeat',
  at,
  data: { service: 'checkout', instance, version: '1.4.2', load: 0.4 },
})
