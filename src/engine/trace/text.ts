import type { NearestMiss, Trace, TracedAlert, TracedEvent, TracedPartialMatch } from './contract.ts'
import type { EventExplainer } from './explain-event.ts'
import type { Recorder } from './recorder.ts'

interface Parts {
  readonly events: readonly TracedEvent[]
  readonly partialMatches: readonly TracedPartialMatch[]
  readonly alerts: readonly TracedAlert[]
  readonly timed: ReadonlyArray<{ readonly at: number; readonly text: string }>
  readonly miss: NearestMiss | undefined
  readonly explainer: EventExplainer
  readonly recorder: Recorder
}

interface Line {
  readonly at: string
  readonly text: string
}

const SEQUENCES_SHOWN = 6

/** The trace as lines in order of time; events that one step takes one after the other share a line. */
export function linesOf(parts: Parts): Trace['lines'] {
  const lines: Line[] = [
    ...eventLines(parts.events),
    ...parts.timed.map(({ at, text }) => ({ at: new Date(at).toISOString(), text })),
    ...expiryLines(parts),
    ...parts.alerts.map(({ at, text }) => ({ at, text })),
  ]
  // A stable sort: at one instant events stand before what came of them.
  lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const { miss } = parts
  return miss === undefined ? lines : [...lines, { text: miss.text }]
}

function eventLines(events: readonly TracedEvent[]): readonly Line[] {
  const lines: Line[] = []
  let group: { readonly step: string; readonly first: TracedEvent; readonly sequences: number[] } | undefined
  const flush = (): void => {
    if (group === undefined) return
    const { step, first, sequences } = group
    const shown =
      sequences.length > SEQUENCES_SHOWN ? [...sequences.slice(0, SEQUENCES_SHOWN), '…'] : sequences
    const text = `${step}${sequences.length > 1 ? ` × ${sequences.length}` : ''}: taken (seq ${shown.join(', ')})`
    lines.push({ at: first.time, text })
    group = undefined
  }
  for (const event of events) {
    const step = plainStep(event)
    if (step !== undefined && group?.step === step) {
      group.sequences.push(event.sequence)
      continue
    }
    flush()
    if (step !== undefined) group = { step, first: event, sequences: [event.sequence] }
    else lines.push({ at: event.time, text: eventText(event) })
  }
  flush()
  return lines
}

/** The one step that took the event, when there is nothing else to say of it. */
function plainStep({ outcome, steps }: TracedEvent): string | undefined {
  const telling = steps.filter(({ kind }) => kind !== 'where-false' && kind !== 'not-waiting')
  const names = new Set(telling.map(({ step }) => step))
  const [step] = names
  return outcome === 'taken' && names.size === 1 && telling.every(({ kind }) => kind === 'taken')
    ? step
    : undefined
}

function eventText({ sequence, subject, steps, note, outcome }: TracedEvent): string {
  const head = `${subject} (seq ${sequence})`
  if (note !== undefined) return `${head}: ${note}`
  // What another step took needs no word on the steps that did not want it.
  const telling =
    outcome === 'taken' ? steps.filter(({ kind }) => kind !== 'where-false' && kind !== 'not-waiting') : steps
  const texts = [...new Set(telling.map(({ text }) => text))]
  return `${head}: ${texts.join('; ')}`
}

/** One line for all partial matches that ran out of time at one instant. */
function expiryLines({ partialMatches, explainer, recorder }: Parts): readonly Line[] {
  const byTime = new Map<string, TracedPartialMatch[]>()
  for (const match of partialMatches) {
    if (match.end.kind !== 'expired') continue
    const together = byTime.get(match.end.at)
    if (together === undefined) byTime.set(match.end.at, [match])
    else together.push(match)
  }
  return [...byTime].map(([at, matches]) => {
    const [first] = matches
    const lineage = first === undefined ? undefined : recorder.lineages.get(first.start)
    const missing = explainer.missing(
      (slot) => lineage?.taken.filter((taken) => taken.slot === slot).length ?? 0,
    )
    const waited = first?.end.kind === 'expired' ? first.end.waitedFor.join(' or ') : ''
    const why =
      missing === undefined
        ? waited === ''
          ? ''
          : `: no ${waited} in time`
        : `: ${missing.count} of at least ${missing.needed} ${missing.step}`
    return { at, text: `partial match${matches.length > 1 ? `es (${matches.length})` : ''} expired${why}` }
  })
}
