/** Characters of an alert: the broker takes messages of a megabyte, and a character is three bytes at most. */
export const ALERT_CHARACTERS_MAX = 262_144
/** Of its message, where the alert is too long. */
const MESSAGE_CHARACTERS_MAX = 4_096
/** Of its references to events, where the alert is too long. */
const REFERENCE_CHARACTERS_MAX = 131_072

/** What an alert holds as much of as a rule asks for. */
interface Fillable {
  readonly message: string | undefined
  readonly evidence: unknown
  readonly evidence_error: Readonly<Record<string, string>> | undefined
  readonly events: readonly unknown[]
}

/** The alert as JSON; one that no broker would take goes without evidence and payloads, with the events that fit, and says so. */
export function alertJson<D extends Fillable>(envelope: { readonly data: D }): string {
  const whole = JSON.stringify(envelope)
  if (whole.length <= ALERT_CHARACTERS_MAX) return whole
  const { data } = envelope
  const events = fitting(data.events)
  const left = data.events.length - events.length
  const message = data.message?.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed()
  return JSON.stringify({
    ...envelope,
    data: {
      ...data,
      message,
      evidence: {},
      evidence_error: {
        alert: `U1004: The alert was longer than ${ALERT_CHARACTERS_MAX} characters: it goes without evidence${left > 0 ? ` and without ${left} of its events` : ''}.`,
      },
      events,
    },
  })
}

/** The first event and as many of the last ones as there is room for, by reference. */
function fitting(events: readonly unknown[]): unknown[] {
  const [first, ...rest] = events.map(withoutData)
  let room = REFERENCE_CHARACTERS_MAX
  const kept: unknown[] = []
  for (const event of rest.toReversed()) {
    room -= JSON.stringify(event).length
    if (room < 0) break
    kept.unshift(event)
  }
  return [first, ...kept]
}

function withoutData(event: unknown): unknown {
  const { data: _, ...reference } = event as Readonly<Record<string, unknown>>
  return reference
}
