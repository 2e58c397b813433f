import { shownKey } from '../emit/index.ts'
import type { JsonObject, JsonValue, ListAccess } from '../model/index.ts'
import type { LogEntry } from '../partition/index.ts'
import { keyObject, keyParts, keyValue } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { ConditionReader, conditionText } from './condition.ts'
import type { FailedCondition, TraceSetup } from './contract.ts'
import { LogReader } from './read-log.ts'

/** How an event looks to one step of a rule, by itself: what earlier events say is not asked. */
export interface StepLook {
  readonly step: string
  /** Whether all conditions hold that read the event alone. */
  readonly holds: boolean
  /** Conditions on earlier steps, which a partial match decides. */
  readonly undecided: readonly string[]
  readonly failed: readonly FailedCondition[]
  readonly text: string
}

export interface EventLook {
  readonly rule: string
  readonly version: number
  /** Whose the event is for this rule; absent where it has no usable key. */
  readonly key?: JsonObject
  /** The key as `why` takes it. */
  readonly keyValue?: JsonValue
  readonly steps: readonly StepLook[]
}

const NO_LISTS: ListAccess = { has: () => false }

/** What a rule sees in one log entry; undefined when it does not read its subject, a text when there is no event in it. */
export function lookAtEvent(
  program: RuleProgram,
  entry: LogEntry,
  setup: TraceSetup,
  lists: ListAccess = NO_LISTS,
): EventLook | string | undefined {
  const read = new LogReader(program, setup).read(entry, lists)
  if (read === undefined || typeof read === 'string') return read
  const reader = new ConditionReader(program, new Set(setup.redact))
  const { event, slots } = read
  let key: string | undefined
  const steps = slots.map((each): StepLook => {
    const definition = program.events[each.slot]
    const step = definition?.name ?? String(each.slot)
    if ('fault' in each)
      return { step, holds: false, undecided: [], failed: [], text: `no usable key (${each.fault})` }
    key ??= each.key
    const frame = {
      event,
      steps: { taken: () => [], count: () => 0 },
      key: keyValue(each.key, program.keyNames),
      lists,
      time: event.time,
    }
    const failed = (definition?.unary ?? []).flatMap((condition) => reader.failed(condition, frame) ?? [])
    const undecided = (definition?.conditional ?? []).map(({ source }) => source)
    const holds = failed.length === 0
    const open =
      undecided.length > 0
        ? `; earlier steps decide on ${undecided.map((text) => `\`${text}\``).join(' and ')}`
        : ''
    const text = holds
      ? `could be taken as ${step}${open}`
      : `not ${step}: ${failed.map(conditionText).join('; ')}`
    return { step, holds, undecided, failed, text }
  })
  const whose =
    key === undefined
      ? {}
      : {
          key: keyObject(shownKey(program, key, new Set(setup.redact)), program.keyNames),
          keyValue: keyParts(key).length === 1 ? (keyParts(key)[0] ?? null) : keyParts(key),
        }
  return { rule: program.definition.id, version: program.version, ...whose, steps }
}
