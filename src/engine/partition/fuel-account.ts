/** What one rule may still use. The log and event time alone fill it up, so the same log spends the same on every replay. */
export interface FuelAccount {
  fuel: number
  /** Sequence of the entry up to which fuel was added. */
  filledAt: number
  /** Event time up to which fuel was added. */
  filledTime: number
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

export const fuelAccount = (perSecond: number): FuelAccount => ({
  fuel: ofMs(perSecond, SAVED_MS_MAX),
  filledAt: 0,
  filledTime: 0,
  isSuspended: false,
  suspendedUntil: 0,
  suspendedFor: 0,
})

/** Whether there was as much at that place; what was not there is owed. */
export function spendFuel(account: FuelAccount, perSecond: number, at: LogPlace, amount: number): boolean {
  const entries = at.sequence - account.filledAt
  const ms = Math.min(Math.max(0, at.time - account.filledTime), entries * ENTRY_MS_MAX)
  const earned = ofMs(perSecond, entries * ENTRY_MS_MIN + ms)
  account.fuel = Math.min(ofMs(perSecond, SAVED_MS_MAX), account.fuel + earned) - amount
  account.filledAt = at.sequence
  account.filledTime = Math.max(account.filledTime, at.time)
  return account.fuel >= 0
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
