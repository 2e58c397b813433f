import { describe, expect, test } from 'vitest'
import { DeadlineQueue } from '../time/index.ts'
import { SharedExpiry, type Sweeper } from './shared-expiry.ts'

const SPAN_MS = 128_000

interface Swept extends Sweeper {
  isStopped: boolean
  readonly swept: Array<readonly [state: object, time: number]>
}

function sweeper(): Swept {
  const swept: Swept['swept'] = []
  return { isStopped: false, swept, sweep: (state, time) => void swept.push([state, time]) }
}

describe('states that wait to be cleared away', () => {
  test('come back to whose they are, after their time and within a hundredth of the limit', () => {
    const deadlines = new DeadlineQueue()
    const expiry = new SharedExpiry(deadlines)
    const [one, other] = [sweeper(), sweeper()]
    const [a, b, c] = [{}, {}, {}]
    expiry.add(one, a, 5_500, SPAN_MS)
    expiry.add(other, b, 5_900, SPAN_MS)
    expiry.add(one, c, 9_100, SPAN_MS)
    deadlines.advance(5_999)
    expect([...one.swept, ...other.swept]).toEqual([])
    deadlines.advance(6_000)
    expect([one.swept, other.swept]).toEqual([[[a, 6_000]], [[b, 6_000]]])
    deadlines.advance(20_000)
    expect(one.swept).toEqual([
      [a, 6_000],
      [c, 10_000],
    ])
  })

  test('may be put back while they are looked over, and then come again', () => {
    const deadlines = new DeadlineQueue()
    const expiry = new SharedExpiry(deadlines)
    const times: number[] = []
    const again: Sweeper = {
      isStopped: false,
      sweep: (state, time) => {
        times.push(time)
        if (times.length < 3) expiry.add(again, state, time + 1_500, SPAN_MS)
      },
    }
    expiry.add(again, {}, 500, SPAN_MS)
    deadlines.advance(60_000)
    expect(times).toEqual([1_000, 3_000, 5_000])
  })

  test('do not come back to a rule that has stopped, and are let go of when they are half of all', () => {
    const deadlines = new DeadlineQueue()
    const expiry = new SharedExpiry(deadlines)
    const [stays, goes] = [sweeper(), sweeper()]
    let asked = 0
    Object.defineProperty(goes, 'isStopped', { get: () => ++asked > 0 })
    const state = {}
    expiry.add(stays, state, 1_000, SPAN_MS)
    for (let index = 0; index < 3; index++) expiry.add(goes, {}, 1_000 * index, SPAN_MS)
    expiry.stopped(3)
    expect(asked).toBe(3)
    deadlines.advance(60_000)
    expect([stays.swept, goes.swept]).toEqual([[[state, 2_000]], []])
    // Nobody has to be asked again: they are not there any more.
    expect(asked).toBe(3)
  })
})
