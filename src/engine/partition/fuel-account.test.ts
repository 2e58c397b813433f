import { describe, expect, test } from 'vitest'
import { type FuelAccount, fuelAccount, resumeAccount, spendFuel, suspendAccount } from './fuel-account.ts'

const PER_SECOND = 1_000

/** An account of 2,500, all of it spent at entry 0 and time 0. */
function emptyAccount(): FuelAccount {
  const account = fuelAccount(PER_SECOND)
  expect(spendFuel(account, PER_SECOND, { sequence: 0, time: 0 }, 2_500)).toBe(true)
  expect(account.fuel).toBe(0)
  return account
}

describe('an account', () => {
  test('holds two and a half seconds from the start, and not one unit more', () => {
    const account = fuelAccount(PER_SECOND)
    expect(spendFuel(account, PER_SECOND, { sequence: 0, time: 0 }, 2_501)).toBe(false)
    expect(account.fuel).toBe(-1)
  })

  test.each([
    ['half a millisecond an entry, where entries are close', { sequence: 10, time: 0 }, 5],
    ['and what event time brings', { sequence: 100, time: 400 }, 50 + 400],
    ['no more than 25 ms an entry, where they are far apart', { sequence: 10, time: 3_600_000 }, 5 + 250],
    ['nothing for time that goes back', { sequence: 10, time: -5_000 }, 5],
    ['never more than there is room for', { sequence: 100_000, time: 3_600_000 }, 2_500],
  ])('gets %s', (_, place, earned) => {
    const account = emptyAccount()
    spendFuel(account, PER_SECOND, place, 0)
    expect(account.fuel).toBe(earned)
  })

  test('gets the same in many steps as in one', () => {
    const [often, once] = [emptyAccount(), emptyAccount()]
    for (let sequence = 1; sequence <= 50; sequence++)
      spendFuel(often, PER_SECOND, { sequence, time: 10 * sequence }, 0)
    spendFuel(once, PER_SECOND, { sequence: 50, time: 500 }, 0)
    expect(often).toEqual(once)
  })
})

describe('a suspension', () => {
  const suspensions = (...pauses: readonly number[]): number[] => {
    const account = emptyAccount()
    let sequence = 1
    return pauses.map((pause) => {
      sequence = account.suspendedUntil + pause
      suspendAccount(account, sequence)
      return account.suspendedFor
    })
  }

  test('is twice as long as the one before, up to 12.8 million entries', () => {
    expect(suspensions(1, 1, 1, 1, 1, 1, 1)).toEqual([
      400_000, 800_000, 1_600_000, 3_200_000, 6_400_000, 12_800_000, 12_800_000,
    ])
  })

  test('begins anew once the rule has run as long as the last one was', () => {
    expect(suspensions(1, 399_999, 800_000, 1)).toEqual([400_000, 800_000, 400_000, 800_000])
  })

  test('ends with the fuel of 50 ms, which fills up from there', () => {
    const account = emptyAccount()
    suspendAccount(account, 1)
    expect(account).toMatchObject({ isSuspended: true, suspendedUntil: 400_001 })
    resumeAccount(account, PER_SECOND, { sequence: 400_001, time: 90_000 })
    expect(account).toMatchObject({ isSuspended: false, fuel: 50 })
    spendFuel(account, PER_SECOND, { sequence: 400_002, time: 90_010 }, 0)
    expect(account.fuel).toBe(60.5)
  })
})
