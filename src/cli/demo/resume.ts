import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream'
import { SECOND } from './planned-event.ts'

/** Subjects that the demo sends all the time. */
const FREQUENT = [
  'ops.instance.stopped',
  'ops.heartbeat',
  'payments.card.approved',
  'auth.login',
  'shop.order.paid',
]

/**
 * Where event time stands after an earlier run: the newest event's, and from there the pace of the broker's clock, as the worker
 * reckons it while the input is quiet. Undefined when there was no earlier run.
 */
export async function resumeTime(
  manager: JetStreamManager,
  stream: string,
  now: number,
): Promise<number | undefined> {
  let resumeAt: number | undefined
  for (const subject of FREQUENT) {
    try {
      const message = await manager.streams.getMessage(stream, { last_by_subj: subject })
      const time = Date.parse(message?.json<{ time?: string }>().time ?? '')
      if (message === null || Number.isNaN(time)) continue
      const standsAt = time + Math.max(0, now - message.time.getTime()) + 2 * SECOND
      resumeAt = Math.max(resumeAt ?? 0, standsAt)
    } catch (error) {
      // None of this subject, or one that the demo broke on purpose.
      if (!(error instanceof JetStreamApiError || error instanceof SyntaxError)) throw error
    }
  }
  return resumeAt
}
