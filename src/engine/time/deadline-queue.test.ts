import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Deadline, type DeadlineOwner, DeadlineQueue } from './deadline-queue.ts'

class Owner implements DeadlineOwner {
  rank: number
  times: number[] = []
  readonly name: number
  readonly #fired: string[]

  constructor(name: number, fired: string[]) {
    this.name = name
    this.rank = name * 8
    // Everybody waits from the start: those who wait for nothing are in order wherever they stand.
    this.times = [1 + ((name * 37) % 211)]
    this.#fired = fired
  }

  nextDeadline(): number {
    return Math.min(...this.times)
  }

  fire(time: number): void {
    this.#fired.push(`${time} ${this.name}`)
    this.times = this.times.filter((each) => each > time)
  }
}

const time = fc.integer({ min: 1, max: 30 })
const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('await'), owner: fc.nat(199), time }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance'), owner: fc.nat(199), time }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change'), owner: fc.nat(199), time }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rerank'), owner: fc.nat(199), time }) },
)

test('what is due fires by time, then by rank, while owners come, go and get other ranks', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 400, size: 'max' }), (acts) => {
      const fired: string[] = []
      const queue = new DeadlineQueue()
      const owners = Array.from({ length: 200 }, (_, name) => new Owner(name, fired))
      const entries: Array<Deadline | undefined> = owners.map((owner) => queue.add(owner))
      let now = 0
      for (const { kind, owner: name, time: ahead } of acts) {
        const owner = owners[name] as Owner
        const entry = entries[name]
        if (kind === 'await') {
          if (entry === undefined) continue
          owner.times.push(now + ahead)
          queue.bringForward(entry, owner.nextDeadline())
        } else if (kind === 'change') {
          if (entry === undefined) entries[name] = queue.add(owner)
          else queue.remove(entry)
          if (entry !== undefined) entries[name] = undefined
          owner.times = []
        } else if (kind === 'rerank') {
          for (const each of owners) each.rank = each.rank * 2 + ahead
        } else {
          now += ahead
          const wanted = owners
            .flatMap(({ times, name: who }) =>
              [...new Set(times)].filter((at) => at <= now).map((at) => [at, who] as const),
            )
            .sort(([a, one], [b, other]) => a - b || one - other)
          fired.length = 0
          queue.advance(now)
          expect(fired).toEqual(wanted.map(([at, who]) => `${at} ${who}`))
        }
      }
    }),
    { numRuns: 100 },
  )
})
