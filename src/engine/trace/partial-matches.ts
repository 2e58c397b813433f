import { isoTime } from '../emit/index.ts'
import type { PartialMatchReport } from '../partition/index.ts'
import type { TracedPartialMatch } from './contract.ts'
import type { EventExplainer } from './explain-event.ts'
import type { Lineage } from './lineage.ts'
import type { Recorder } from './recorder.ts'

/** Every partial match of the key, in order of its first event, with what became of it. */
export function tracedPartialMatches(
  recorder: Recorder,
  explainer: EventExplainer,
  waiting: readonly PartialMatchReport[],
): readonly TracedPartialMatch[] {
  const alive = new Map<number, PartialMatchReport>()
  for (const report of waiting) {
    const start = [...report.events].sort((a, b) => a.time - b.time || a.sequence - b.sequence)[0]?.sequence
    if (start !== undefined && !alive.has(start)) alive.set(start, report)
  }
  return [...recorder.lineages.values()].map((lineage) => {
    const report = alive.get(lineage.first.sequence)
    return {
      start: lineage.first.sequence,
      startedAt: isoTime(lineage.first.time),
      events: lineage.taken.map(({ slot, event }) => ({
        step: explainer.name(slot),
        seq: event.sequence,
        time: isoTime(event.time),
      })),
      end: report === undefined ? endOf(lineage, explainer) : waitingEnd(report),
    }
  })
}

const waitingEnd = ({ waitingFor, deadline }: PartialMatchReport): TracedPartialMatch['end'] => ({
  kind: 'waiting',
  waitingFor,
  ...(deadline === undefined ? {} : { deadline: isoTime(deadline) }),
})

/** Without an end of its own a partial match gave way to a complete one or to a limit on their number. */
function endOf({ end, first }: Lineage, explainer: EventExplainer): TracedPartialMatch['end'] {
  if (end === undefined) return { kind: 'discarded', at: isoTime(first.time) }
  const at = isoTime(end.at as typeof first.time)
  switch (end.kind) {
    case 'complete':
      return { kind: 'complete', at }
    case 'expired':
      return { kind: 'expired', at, waitedFor: end.slots.map((slot) => explainer.name(slot)) }
    case 'broken':
      return { kind: 'broken', at, bySequence: end.bySequence }
    case 'discarded':
      return { kind: 'discarded', at }
    default:
      return end satisfies never
  }
}
