import { DiscardPolicy, jetstream, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { type Broker, findStream, isWrongLastSequence } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import { readStream } from '../stream-page.ts'
import type { AuditStore, StoredText } from './audit-log.ts'

const AUDIT_STREAM = 'SEQUITUR_AUDIT'
const AUDIT_SUBJECT = 'sequitur.audit'

/** Opens the stream of the audit log and creates it when it is not there: nothing in it can be deleted, and it never forgets. */
export async function openAuditStore(broker: Broker): Promise<AuditStore> {
  try {
    if ((await findStream(broker, AUDIT_STREAM)) === undefined)
      await broker.manager.streams.add({
        name: AUDIT_STREAM,
        subjects: [AUDIT_SUBJECT],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        deny_delete: true,
        deny_purge: true,
        allow_direct: false,
      })
  } catch (cause) {
    throw new ServiceError(
      'audit-not-written',
      'the stream of the audit log can be neither opened nor created',
      {
        hint: `check that no other stream takes ${AUDIT_SUBJECT}, and that the user may create streams`,
        cause,
      },
    )
  }
  const client = jetstream(broker.connection, { timeout: 5_000 })
  return {
    last: async () => {
      const { state } = await broker.manager.streams.info(AUDIT_STREAM)
      if (state.last_seq === 0) return undefined
      const message = await broker.manager.streams.getMessage(AUDIT_STREAM, { seq: state.last_seq })
      return { sequence: state.last_seq, text: message?.string() ?? '' }
    },
    append: async (text, expectedLast) => {
      try {
        await client.publish(AUDIT_SUBJECT, text, {
          expect: { streamName: AUDIT_STREAM, lastSequence: expectedLast },
        })
        return true
      } catch (error) {
        if (isWrongLastSequence(error)) return false
        throw error
      }
    },
    read: async (from, max) => {
      const found: StoredText[] = []
      await readStream(broker.connection, { stream: AUDIT_STREAM, from, max }, (message) => {
        found.push({ sequence: message.seq, text: message.string() })
        return found.length < max
      })
      return found
    },
  }
}
