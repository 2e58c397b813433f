/** What may still be used. The log and event time alone fill it up, so the same log spends the same on every replay. */
export interface FuelTank {
  fuel: number
  /** Sequence of the entry up to which fuel was added. */
  filledAt: number
  /** Event time up to which fuel was added. */
  filledTime: number
}

/** What one version of a rule may still use, and its suspensions. */
export interface FuelAccount extends FuelTank {
  isSuspended: boolean
  /** Sequence of the entry before which the last suspension ends or ended. */
  suspendedUntil: number
  /** How many entries it was for; 0: there was none. */
  suspendedFor: number
}

/** A place in the log: the entry, and the event time reached. */
export interface LogPlace {
  readonly sequence: number
  readonly time: number
}

/** Every entry brings what this many milliseconds of event time bring, however close the entries are. */
const ENTRY_MS_MIN = 0.5
/** And no more than this many, however far they are apart: a log that is read fast must not be held up by old silence. */
const ENTRY_MS_MAX = 25
/** What is there from the start, and the most that is saved up. */
const SAVED_MS_MAX = 2_500
/** What is there after a suspension: a rule that is as costly as before is suspended again soon. */
const SAVED_MS_AFTER = 50
const SUSPENSION_ENTRIES_MIN = 400_000
const SUSPENSION_ENTRIES_MAX = 12_800_000

const ofMs = (perSecond: number, ms: number): number => (perSecond * ms) / 1_000

export const fuelTank = (perSecond: number): FuelTank => ({
  fuel: ofMs(perSecond, SAVED_MS_MAX),
  filledAt: 0,
  filledTime: 0,
})

export const fuelAccount = (perSecond: number): FuelAccount => ({
  ...fuelTank(perSecond),
  isSuspended: false,
  suspendedUntil: 0,
  suspendedFor: 0,
})

/** Adds what came with the log up to that place; whether no more can be saved up. */
export function fillFuel(tank: FuelTank, perSecond: number, at: LogPlace): boolean {
  const entries = at.sequence - tank.filledAt
  const ms = Math.min(Math.max(0, at.time - tank.filledTime), entries * ENTRY_MS_MAX)
  const most = ofMs(perSecond, SAVED_MS_MAX)
  tank.fuel = Math.min(most, tank.fuel + ofMs(perSecond, entries * ENTRY_MS_MIN + ms))
  tank.filledAt = at.sequence
  tank.filledTime = Math.max(tank.filledTime, at.time)
  return tank.fuel === most
}

/** Whether there was as much at that place; what was not there is owed. */
export function spendFuel(tank: FuelTank, perSecond: number, at: LogPlace, amount: number): boolean {
  fillFuel(tank, perSecond, at)
  tank.fuel -= amount
  return tank.fuel >= 0
}

/** For twice as long as the last time, unless the rule has run for as long as that since. */
export function suspendAccount(account: FuelAccount, sequence: number): void {
  const { suspendedUntil, suspendedFor } = account
  const isAgain = suspendedFor > 0 && sequence < suspendedUntil + suspendedFor
  account.suspendedFor = isAgain ? Math.min(SUSPENSION_ENTRIES_MAX, 2 * suspendedFor) : SUSPENSION_ENTRIES_MIN
  account.suspendedUntil = sequence + account.suspendedFor
  account.isSuspended = true
}

export function resumeAccount(account: FuelAccount, perSecond: number, at: LogPlace): void {
  account.isSuspended = false
  account.fuel = ofMs(perSecond, SAVED_MS_AFTER)
  account.filledAt = at.sequence
  account.filledTime = at.time
}
