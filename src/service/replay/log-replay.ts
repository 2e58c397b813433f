import { compileRecord, type RuleProgram, type RuleSource } from '../../engine/index.ts'
import { ALERT_STREAM, type Broker, findStream } from '../broker/index.ts'
import { readSpan, SpanReader } from '../ingest/index.ts'
import { ServiceError } from '../service-error.ts'
import { subjectsOverlap } from '../subjects.ts'
import { AlertSet, sampleOf } from './alert-set.ts'
import type { ReplayDifference, ReplayEngine, ReplayJob, ReplayProgress, ReplayResult } from './contract.ts'
import { countEntries, type FoundSpan, findSpan } from './find-span.ts'
import { createPace } from './pace.ts'
import { ReplayRun } from './replay-run.ts'

export interface LogReplayReports {
  readonly progress: (progress: ReplayProgress) => void
  /** CloudEvents as JSON text, in order. */
  readonly alerts: (alerts: readonly string[]) => void
}

/** Entries processed between two looks at the event loop. */
const SLICE = 2_000
const REPORT_MS = 200
const RULE_SUBJECT = 'sequitur.log.rule'
/** What stands in the log beside events and takes part in a replay; rule versions do not: the rules are given. */
const CONTROL_SUBJECTS = ['sequitur.log.tick', 'sequitur.log.list', 'sequitur.log.erase']

/** Runs a job over the input log, in this process. Nothing is published. */
export async function replayLog(
  broker: Broker,
  engine: ReplayEngine,
  job: ReplayJob,
  reports: LogReplayReports,
): Promise<ReplayResult> {
  const startedAt = performance.now()
  const { stream } = engine
  const programs = job.rules.map(programOf)
  const { against } = job
  const run = new ReplayRun({
    programs,
    engine,
    ...(against?.kind === 'version' ? { older: [programOf(against.rule)] } : {}),
    isCompared: against !== undefined,
  })
  const older = against?.kind === 'version' ? [programOf(against.rule)] : []
  const subjects = job.wholeLog ? [] : filtersOf([...programs, ...older])
  const span = await findSpan(broker, stream, job.span)
  const total = span.last < span.first ? 0 : await countEntries(broker, { stream, subjects, ...span })
  const pace = createPace(job.share)
  await loadLists(broker, stream, span, run)
  let reportedAt = 0
  const report = (): void => {
    reportedAt = performance.now()
    reports.progress({ entries: run.entries, total, eventTimeMs: run.eventTimeMs })
    const kept = run.tally.takeKept()
    if (kept.length > 0) reports.alerts(kept)
  }
  report()
  for await (const batch of readSpan(broker, { stream, subjects, first: span.first, last: span.last })) {
    for (let start = 0; start < batch.length; start += SLICE) {
      const slice = batch.slice(start, start + SLICE)
      run.take(job.wholeLog ? slice.filter(({ subject }) => subject !== RULE_SUBJECT) : slice)
      await (pace() ?? (start + SLICE < batch.length ? new Promise(setImmediate) : undefined))
    }
    if (performance.now() - reportedAt > REPORT_MS) report()
  }
  if (span.lastStoredAtMs !== undefined) run.end({ sequence: span.last, ingestedAtMs: span.lastStoredAtMs })
  report()
  const result = run.result(performance.now() - startedAt)
  const difference = await differenceOf(broker, { job, run, span })
  return {
    firstSequence: span.first,
    lastSequence: span.last,
    ...result,
    ...(difference === undefined ? {} : { difference }),
  }
}

function programOf(source: RuleSource): RuleProgram {
  const compiled = compileRecord(source)
  if (compiled.ok) return compiled.value
  const [first] = compiled.problems
  throw new ServiceError('replay-rule-broken', `rule ${source.id} does not compile: ${first?.message ?? ''}`)
}

/** What the rules read, each subject once: a broker refuses filters that overlap. */
function filtersOf(programs: readonly RuleProgram[]): readonly string[] {
  const wanted = [...new Set(programs.flatMap(({ events }) => events.map(({ subject }) => subject)))]
  const filters = [...wanted, ...CONTROL_SUBJECTS]
  // The wider of two that overlap takes what the other does; two that only meet are left to the whole log.
  const kept = filters.filter((filter) => !filters.some((other) => other !== filter && covers(other, filter)))
  const overlapping = kept.some((one, index) =>
    kept.slice(index + 1).some((other) => subjectsOverlap(one, other)),
  )
  return overlapping ? [] : kept
}

function covers(wide: string, narrow: string): boolean {
  const one = wide.split('.')
  const other = narrow.split('.')
  for (const [index, token] of one.entries()) {
    if (token === '>') return other.length > index
    const there = other[index]
    if (there === undefined || there === '>' || (token !== '*' && token !== there)) return false
  }
  return one.length === other.length
}

/** Lists as they were when the span began: their changes stand in the log before it. */
async function loadLists(broker: Broker, stream: string, span: FoundSpan, run: ReplayRun): Promise<void> {
  if (span.last < span.first) return
  const changes = new SpanReader(broker, {
    stream,
    subjects: ['sequitur.log.list'],
    first: 1,
    last: span.first - 1,
  })
  for await (const batch of changes.batches()) run.prepare(batch)
}

async function differenceOf(
  broker: Broker,
  { job, run, span }: { readonly job: ReplayJob; readonly run: ReplayRun; readonly span: FoundSpan },
): Promise<ReplayDifference | undefined> {
  const { against } = job
  switch (against?.kind) {
    case undefined:
      return undefined
    case 'version':
      return {
        against: against.rule.version,
        ...(run.older ?? run.tally).set.compare(run.tally.set),
        beforeSpan: 0,
      }
    case 'live': {
      const { set, beforeSpan } = await liveAlerts(broker, {
        rules: new Set(job.rules.map(({ id }) => id)),
        span,
        untilMs: run.eventTimeMs ?? 0,
      })
      return { against: 'live', ...set.compare(run.tally.set), beforeSpan }
    }
    default:
      return against satisfies never
  }
}

/** What the rules really raised, live or in shadow, on events of the span. */
async function liveAlerts(
  broker: Broker,
  options: { readonly rules: ReadonlySet<string>; readonly span: FoundSpan; readonly untilMs: number },
): Promise<{ readonly set: AlertSet; readonly beforeSpan: number }> {
  const { rules, span, untilMs } = options
  const set = new AlertSet()
  let beforeSpan = 0
  const info = await findStream(broker, ALERT_STREAM)
  if (info === undefined || span.firstStoredAtMs === undefined) return { set, beforeSpan }
  // An alert is stored after the events that it is about.
  const since = await findSpan(broker, ALERT_STREAM, { sinceMs: span.firstStoredAtMs })
  const reader = new SpanReader(broker, {
    stream: ALERT_STREAM,
    subjects: ['alerts.>', 'shadow.alerts.>'],
    first: since.first,
    last: since.last,
  })
  for await (const batch of reader.batches()) {
    for (const { payload } of batch) {
      const sample = readSample(payload)
      if (sample === undefined || !rules.has(sample.rule)) continue
      if (Math.max(...sample.sequences) < span.first || Math.max(...sample.sequences) > span.last) continue
      // Raised by time that passed after the span.
      if (Date.parse(sample.time) > untilMs) continue
      if (Math.min(...sample.sequences) < span.first) beforeSpan += 1
      else set.add(sample)
    }
  }
  return { set, beforeSpan }
}

const decoder = new TextDecoder()

function readSample(payload: Uint8Array): ReturnType<typeof sampleOf> {
  try {
    const alert: { readonly data?: { readonly decided_by?: number } } | null = JSON.parse(
      decoder.decode(payload),
    )
    // In shadow beside the version that decided: not what the rule raised.
    return alert?.data?.decided_by === undefined ? sampleOf(alert) : undefined
  } catch {
    // Somebody else wrote something else there.
    return undefined
  }
}
