import { DEFAULT_PAYLOAD_LIMITS, type PayloadLimits } from '../decode/index.ts'

/** What one partition may hold and say. Reaching a limit is handled in the same way on every replay, counted, and reported. */
export interface PartitionLimits extends PayloadLimits {
  /** Keys with live state per rule; beyond it no new key starts a match. */
  readonly keysPerRuleMax: number
  /** Partial matches per rule; beyond it no new key starts a match. */
  readonly partialMatchesPerRuleMax: number
  /** Partial matches of all rules together; beyond it no new key starts a match. */
  readonly partialMatchesMax: number
  /** Events that wait for the watermark; beyond it the watermark is moved up to the oldest of them. */
  readonly bufferedEventsMax: number
  readonly suppressionKeysPerRuleMax: number
  /** Versions of one rule that finish what they began, side by side; beyond it the oldest drops what it has left. */
  readonly drainingVersionsPerRuleMax: number
  /** For a version of a rule whose pattern has no limit: how long it may finish what it began, in event time. */
  readonly drainMsMax: number
  readonly listValuesMax: number
  /** Per rule, in event time; more are withheld. */
  readonly alertsPerMinuteMax: number
  /** Per rule, in event time; withheld alerts beyond it are only counted. */
  readonly withheldPerMinuteMax: number
  /** Fuel that one rule may use per second of event time, on the average of some seconds; beyond it the rule is suspended. */
  readonly ruleFuelPerSecondMax: number
  /** Namespaces whose rules together may use no more than `guestFuelPerSecondMax`; all that they do counts, ordinary work too. */
  readonly guestNamespaces: readonly string[]
  /** Of each of them, as with `ruleFuelPerSecondMax`; beyond it whoever uses most of it is suspended. */
  readonly guestFuelPerSecondMax: number
  /** Characters of an event that a late event or dead letter repeats. */
  readonly payloadCharactersShownMax: number
}

export const DEFAULT_LIMITS: PartitionLimits = {
  ...DEFAULT_PAYLOAD_LIMITS,
  keysPerRuleMax: 1_000_000,
  partialMatchesPerRuleMax: 1_000_000,
  partialMatchesMax: 4_000_000,
  bufferedEventsMax: 500_000,
  suppressionKeysPerRuleMax: 200_000,
  drainingVersionsPerRuleMax: 4,
  drainMsMax: 86_400_000,
  listValuesMax: 2_000_000,
  alertsPerMinuteMax: 6_000,
  withheldPerMinuteMax: 6_000,
  ruleFuelPerSecondMax: 20_000,
  guestNamespaces: [],
  guestFuelPerSecondMax: 1_000,
  payloadCharactersShownMax: 4_096,
}
