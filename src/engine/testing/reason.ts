import type { EventTime } from '../model/index.ts'
import type { Effect, ObservablePartition, RuleStatistics } from '../partition/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { durationText } from './duration-text.ts'

interface Withheld {
  readonly reason: string
  readonly exception?: string
  readonly until?: string
}

interface AlertRecord {
  readonly data: {
    readonly events: ReadonlyArray<{ readonly step: string; readonly time: string }>
    readonly withheld?: Withheld
  }
}

/** Why an expected alert did not come, from what the engine knows; undefined when it cannot be told. */
export function whyNoAlert(run: {
  readonly partition: ObservablePartition
  readonly program: RuleProgram
  readonly effects: readonly Effect[]
  readonly start: EventTime
}): string | undefined {
  const { partition, program, effects, start } = run
  const withheld = effects.find(({ kind }) => kind === 'withheld-alert')
  if (withheld !== undefined) return withheldText(withheld, start)
  const dead = effects.find(({ kind }) => kind === 'dead-letter' || kind === 'late')
  if (dead !== undefined) return `an event was not processed: ${JSON.parse(dead.payload).reason}`
  const { id } = program.definition
  const statistics = partition.statisticsOf(id)
  const fault = statistics === undefined ? undefined : faultText(statistics, program)
  if (fault !== undefined) return fault
  const [partial] = partition.inspect(id)
  if (partial === undefined) return undefined
  const last = partial.events[partial.events.length - 1]
  const since = last === undefined ? '' : ` since ${durationText(last.time - start)}`
  const until = partial.deadline === undefined ? '' : `, until ${durationText(partial.deadline - start)}`
  const taken = partial.events.map(({ step }) => step)
  return `a partial match (${countSteps(taken)}) waits for ${partial.waitingFor.join(' or ')}${since}${until}`
}

/** What an alert that was not expected is made of. */
export function whyThisAlert(
  effects: readonly Effect[],
  index: number,
  start: EventTime,
): string | undefined {
  const effect = effects.filter(({ kind }) => kind === 'alert')[index]
  if (effect === undefined) return undefined
  const { data } = JSON.parse(effect.payload) as AlertRecord
  const steps = data.events.map(({ step, time }) => `${step} at ${durationText(Date.parse(time) - start)}`)
  const shown = steps.length > 6 ? [...steps.slice(0, 3), '…', ...steps.slice(-2)] : steps
  return `it matched ${shown.join(', ')}`
}

function withheldText(effect: Effect, start: EventTime): string {
  const { withheld } = (JSON.parse(effect.payload) as AlertRecord).data
  const at = durationText(effect.time - start)
  switch (withheld?.reason) {
    case 'excepted':
      return `the alert at ${at} was excepted by '${withheld.exception}'`
    case 'suppressed': {
      const until = durationText(Date.parse(withheld.until ?? '') - start)
      return `the alert at ${at} was suppressed until ${until}`
    }
    default:
      return `the alert at ${at} was withheld: ${withheld?.reason}`
  }
}

function faultText(rule: RuleStatistics, program: RuleProgram): string | undefined {
  const error = rule.errors[0]
  if (error !== undefined)
    return `${error.step}: ${error.code} ${error.sample.message} (${error.count} times)`
  const [fault] = Object.keys(rule.withoutKey)
  if (fault === undefined) return undefined
  return `events without a usable key ${program.keyNames.join(', ')} (${fault})`
}

function countSteps(steps: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1)
  return [...counts].map(([step, count]) => (count === 1 ? step : `${count} ${step}`)).join(', ')
}
