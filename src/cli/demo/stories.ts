import { FAR_CITIES, HOME_CITIES, MERCHANTS, type Place } from './places.ts'
import { DAY, HOUR, MINUTE, type PlannedEvent, type Scene, SECOND } from './planned-event.ts'
import type { Random } from './random.ts'

type Data = Readonly<Record<string, unknown>>
type Beat = readonly [at: number, subject: string, data: Data]

/** Something that a rule of the packs is there to find. `rule` is its id. */
export interface Story {
  readonly rule: string
  /** Every time with other people in it. */
  tell(random: Random, scene: Scene): readonly PlannedEvent[]
}

/** Beats on a clock of their own, moved to the scene and sped up where they would take too long. */
const story = (rule: string, beats: (random: Random) => readonly Beat[]): Story => ({
  rule,
  tell: (random, scene) => {
    const told = beats(random)
    const length = Math.max(...told.map(([at]) => at), 1)
    const pace = Math.min(1, scene.lengthMaxMs / length)
    return told.map(([at, subject, data]) => ({ subject, data, at: scene.at + Math.round(at * pace) }))
  },
})

const times = (count: number, beat: (index: number) => Beat): readonly Beat[] =>
  Array.from({ length: count }, (_, index) => beat(index))

const cardTesting = story('card-testing', (random) => {
  const card = { card_id: random.hex(4), account_id: `a-${random.hex(5)}` }
  const declines = random.int(5, 9)
  return [
    ...times(declines, (index) => [
      index * 15 * SECOND,
      'payments.card.declined',
      {
        ...card,
        amount: random.amount(0.5, 4.9),
        currency: 'EUR',
        merchant: random.pick(MERCHANTS),
        reason: 'cvc',
      },
    ]),
    [
      declines * 15 * SECOND + 20 * SECOND,
      'payments.card.approved',
      { ...card, amount: random.int(20, 90) * 10, currency: 'EUR', merchant: 'electronics-outlet' },
    ],
  ]
})

const accountTakeover = story('account-takeover-new-payee', (random) => {
  const customer = { customer_id: `u-${random.hex(5)}` }
  const session = { session_id: `s-${random.hex(6)}` }
  const ip = `198.51.100.${random.int(2, 250)}`
  const failures = random.int(3, 6)
  // Both logins from one place: this is about guessing, not about travel.
  const place = random.pick(HOME_CITIES)
  return [
    ...times(failures, (index) => [
      index * 20 * SECOND,
      'auth.login',
      { ...customer, outcome: 'failure', ip, device_id: `d-${random.hex(4)}`, ...place },
    ]),
    [
      failures * 20 * SECOND + MINUTE,
      'auth.login',
      { ...customer, ...session, outcome: 'success', ip, device_id: `d-${random.hex(4)}`, ...place },
    ],
    [
      failures * 20 * SECOND + 5 * MINUTE,
      'payments.payee.added',
      { ...customer, ...session, iban: `GB${random.int(10, 99)}DEMO${random.int(10_000_000, 99_999_999)}` },
    ],
  ]
})

const velocity = story('payment-velocity', (random) => {
  const account = `a-${random.hex(5)}`
  const count = random.int(10, 14)
  return times(count, (index) => [
    index * 12 * SECOND,
    'payments.transfer.created',
    {
      transfer_id: `t-${random.hex(8)}`,
      debtor: { account },
      creditor: { account: `x-${random.hex(5)}` },
      amount: random.amount(110, 400),
      currency: 'EUR',
    },
  ])
})

const impossibleTravel = story('impossible-travel', (random) => {
  const customer = { customer_id: `u-${random.hex(5)}`, outcome: 'success' }
  const login = (at: number, place: Place): Beat => [
    at,
    'auth.login',
    {
      ...customer,
      device_id: `d-${random.hex(6)}`,
      ip: `203.0.113.${random.int(2, 250)}`,
      session_id: `s-${random.hex(6)}`,
      ...place,
    },
  ]
  return [login(0, random.pick(HOME_CITIES)), login(25 * MINUTE, random.pick(FAR_CITIES))]
})

const errorBurst = story('error-burst-then-restart', (random) => {
  const pod = { service: random.pick(['checkout', 'ledger', 'search']), pod: `pod-${random.hex(4)}` }
  const code = random.pick(['E_TIMEOUT', 'E_OUT_OF_MEMORY', 'E_POOL_EMPTY'])
  const errors = random.int(20, 30)
  return [
    ...times(errors, (index) => [
      Math.round((index * 40 * SECOND) / errors),
      'logs.app.error',
      { ...pod, code, message: 'request failed' },
    ]),
    [2 * MINUTE, 'k8s.pod.restarted', { ...pod, reason: 'liveness probe' }],
  ]
})

const notCaptured = story('authorised-not-captured', (random) => [
  [
    0,
    'payments.authorised',
    {
      payment_id: `p-${random.hex(6)}`,
      amount: random.amount(20, 300),
      currency: 'EUR',
      merchant: random.pick(MERCHANTS),
    },
  ],
])

const structuring = story('structuring', (random) => {
  const customer = { customer_id: `u-${random.hex(5)}` }
  return times(3, (index) => [
    index * (DAY + 5 * HOUR),
    'payments.cash.deposited',
    {
      ...customer,
      amount: random.int(90, 99) * 100,
      currency: 'EUR',
      branch: random.pick(['north', 'south', 'harbour', 'station']),
    },
  ])
})

const mule = story('mule-fan-in-out', (random) => {
  const account = `a-${random.hex(5)}`
  const transfer = (at: number, from: string, to: string, amount: number): Beat => [
    at,
    'payments.transfer.settled',
    {
      transfer_id: `t-${random.hex(8)}`,
      debtor: { account: from },
      creditor: { account: to },
      amount,
      currency: 'EUR',
    },
  ]
  return [
    ...times(4, (index) => transfer(index * 50 * MINUTE, `x-${random.hex(5)}`, account, 500)),
    ...times(2, (index) => transfer((5 + index) * HOUR, account, `x-${random.hex(5)}`, 900)),
  ]
})

const bustOut = story('bust-out', (random) => {
  const account = { account_id: `a-${random.hex(5)}` }
  const limit = random.int(3, 8) * 1_000
  return [
    [0, 'credit.limit.raised', { ...account, new_limit: limit, currency: 'EUR' }],
    ...times(
      4,
      (index): Beat => [
        (index + 1) * 30 * HOUR,
        'payments.card.approved',
        {
          ...account,
          card_id: random.hex(4),
          amount: Math.round(limit * 0.24),
          currency: 'EUR',
          merchant: 'jewels-and-gold',
        },
      ],
    ),
  ]
})

const refundAbuse = story('refund-abuse', (random) => {
  const customer = { customer_id: `u-${random.hex(5)}` }
  const order = (at: number, subject: string, more: Data): Beat => [
    at,
    subject,
    { ...customer, order_id: `o-${random.hex(6)}`, amount: 100, currency: 'EUR', ...more },
  ]
  return [
    ...times(4, (index) => order(index * DAY, 'shop.order.paid', {})),
    ...times(3, (index) => order((5 + 2 * index) * DAY, 'shop.order.refunded', { reason: 'not_received' })),
  ]
})

/** An account that sleeps for 105 days: only a long history has room for it. */
export const dormantAccount: Story = story('dormant-reactivation', (random) => {
  const account = { account_id: `a-${random.hex(5)}` }
  return [
    [0, 'accounts.fee.posted', { ...account, direction: 'out', amount: 2.5, currency: 'EUR' }],
    [
      105 * DAY,
      'accounts.payment.posted',
      { ...account, direction: 'out', amount: random.int(10, 60) * 100, currency: 'EUR' },
    ],
  ]
})

/** Days and weeks long: told in the history before today. */
export const SLOW_STORIES: readonly [Story, ...Story[]] = [
  structuring,
  mule,
  bustOut,
  refundAbuse,
  notCaptured,
]

/** Minutes long: told today. */
export const FAST_STORIES: readonly [Story, ...Story[]] = [
  cardTesting,
  velocity,
  accountTakeover,
  impossibleTravel,
  errorBurst,
]

/** What goes on for as long as the demo runs. */
export const STORIES: readonly [Story, ...Story[]] = [
  cardTesting,
  accountTakeover,
  velocity,
  mule,
  impossibleTravel,
  structuring,
  errorBurst,
  refundAbuse,
  cardTesting,
  bustOut,
]
