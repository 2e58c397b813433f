import { compareEvents, type Moment } from '../matcher/index.ts'
import type { Problem, StreamEvent } from '../model/index.ts'
import type { Routes } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { Deadline } from '../time/index.ts'
import type { CandidateRecord, RuleRecord } from './rule-record.ts'
import type { RuleRuntime } from './rule-runtime.ts'
import { isInShare } from './share.ts'
import type { PartialMatchesChange } from './statistics.ts'

/** What a partition knows of one rule id. */
export interface KnownRule {
  readonly id: string
  /** The version that was last accepted; older ones are ignored. */
  version: number
  /** Undefined for a removed rule and for one that came with the options. */
  record: RuleRecord | undefined
  /** The version in force. */
  running: Running | undefined
  candidate: Candidate | undefined
  /** Versions that finish what they began, the oldest first. */
  draining: readonly Draining[]
  /** What the last change that concerned partial matches did to them. */
  change: PartialMatchesChange | undefined
  /** Why the text of `record` does not run. */
  problems: readonly Problem[]
}

export interface Running {
  /** Another one, with the same counts, from when it is suspended. */
  runtime: RuleRuntime
  /** None while it is suspended: no event comes to it. */
  routes: Routes | undefined
}

export interface Candidate {
  record: CandidateRecord
  /** Percent of the keys that it decides now; 0 where its keys are others than those of the version in force, and while it is suspended. */
  share: number
  /** Undefined when its text does not run. */
  readonly running: Running | undefined
}

/** A version that was replaced, and takes no new starts. */
export interface Draining {
  readonly record: RuleRecord
  /** Of its stored rows. */
  readonly name: string
  /** Matches that start up to here are its own to decide. */
  readonly last: Moment
  /** Partial matches that it had. */
  readonly begun: number
  /** Event time at which it ends in any case. */
  readonly until: number
  /** Whether nothing can be left by then. */
  readonly isWhole: boolean
  /** Percent of the keys that were the candidate's when it was replaced. */
  ceded: number
  /** Whether they go back when the candidate is taken away: it was not promoted. */
  isCededForNow: boolean
  /** Undefined as soon as nothing is left. */
  running: Running | undefined
  /** What it raised since it was replaced, once it is over. */
  alerts: number
  deadline: Deadline | undefined
  isOver: boolean
}

export const newlyKnown = (id: string): KnownRule => ({
  id,
  version: 0,
  record: undefined,
  running: undefined,
  candidate: undefined,
  draining: [],
  change: undefined,
  problems: [],
})

/** Says who decides what, after every change of the versions that run. */
export function shareOut(known: KnownRule): void {
  const { running, candidate, draining } = known
  if (candidate !== undefined) {
    const hasSameKeys =
      running !== undefined &&
      candidate.running?.routes !== undefined &&
      keysOf(running.runtime.program) === keysOf(candidate.running.runtime.program)
    candidate.share = hasSameKeys ? candidate.record.share : 0
  }
  const isAlone = candidate?.running === undefined && draining.length === 0
  for (const each of [running, candidate?.running, ...draining.map((old) => old.running)]) {
    const runtime = each?.runtime
    if (runtime === undefined) continue
    runtime.decidedBy = isAlone
      ? undefined
      : (key, match) => decidingVersion(known, runtime, key, match.first)
  }
}

/**
 * The version that decides a match of `runtime`; undefined when it does so itself. What began before a version was replaced is for that
 * one, while it has time to finish; all else is for whoever the key belongs to now. So a match is for exactly one version to raise.
 */
function decidingVersion(
  known: KnownRule,
  runtime: RuleRuntime,
  key: string,
  first: StreamEvent,
): number | undefined {
  for (const { isOver, last, ceded, running, record } of known.draining) {
    if (isOver || compareEvents(first, last) > 0 || isInShare(known.id, key, ceded)) continue
    return running?.runtime === runtime ? undefined : record.version
  }
  const { candidate, running } = known
  const decides = isInShare(known.id, key, candidate?.share ?? 0) ? (candidate?.running ?? running) : running
  return decides === undefined || decides.runtime === runtime ? undefined : decides.runtime.program.version
}

const keysOf = ({ definition: { by } }: RuleProgram): string => by.map(({ text }) => text.trim()).join('\n')
