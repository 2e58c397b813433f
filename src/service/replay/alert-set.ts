import type { AlertGroup, AlertSample, ReplayDifference } from './contract.ts'

/** Alerts of one side that are compared. */
const COMPARED_MAX = 200_000
const SAMPLES_MAX = 20

/** The alert of a CloudEvent; undefined when it is none of ours. */
export function sampleOf(alert: unknown): AlertSample | undefined {
  const { subject, time, data } = (alert ?? {}) as {
    readonly subject?: unknown
    readonly time?: unknown
    readonly data?: {
      readonly rule?: unknown
      readonly version?: unknown
      readonly message?: unknown
      readonly events?: ReadonlyArray<{ readonly seq: number }>
    }
  }
  if (typeof subject !== 'string' || typeof time !== 'string' || typeof data?.rule !== 'string')
    return undefined
  if (!Array.isArray(data.events) || typeof data.version !== 'number') return undefined
  return {
    rule: data.rule,
    version: data.version,
    key: subject,
    time,
    ...(typeof data.message === 'string' ? { message: data.message } : {}),
    sequences: data.events.map(({ seq }) => seq),
  }
}

/** The alerts of one side, by what they matched: rule, key and events. */
export class AlertSet {
  readonly #samples = new Map<string, AlertSample>()
  isComplete = true

  add(sample: AlertSample): void {
    if (this.#samples.size >= COMPARED_MAX) {
      this.isComplete = false
      return
    }
    const identity = JSON.stringify([sample.rule, sample.key, sample.sequences])
    // One match can end in two alerts (completed and timed out, or the same events in other steps): the second is another one.
    let place = identity
    for (let number = 2; this.#samples.has(place); number += 1) place = `${identity} ${number}`
    this.#samples.set(place, sample)
  }

  /** This side is the old one. */
  compare(newer: AlertSet): Pick<ReplayDifference, 'onlyOld' | 'both' | 'onlyNew' | 'complete'> {
    const both: AlertSample[] = []
    const onlyNew: AlertSample[] = []
    for (const [identity, sample] of newer.#samples)
      (this.#samples.has(identity) ? both : onlyNew).push(sample)
    const onlyOld = [...this.#samples].filter(([identity]) => !newer.#samples.has(identity))
    return {
      onlyOld: group(onlyOld.map(([, sample]) => sample)),
      both: group(both),
      onlyNew: group(onlyNew),
      complete: this.isComplete && newer.isComplete,
    }
  }
}

const group = (samples: readonly AlertSample[]): AlertGroup => ({
  count: samples.length,
  samples: samples.slice(0, SAMPLES_MAX),
})
