import { expect, it } from 'vitest'
import { DeliveryReader, readPending } from './reply-subject.ts'

it.each([
  ['$JS.ACK.IN.consumer.1.40112.7.1767225600123456789.12', 40112, 7, 1767225600123],
  ['$JS.ACK.hub.ACCOUNTHASH.IN.consumer.1.40112.7.1767225600123456789.12', 40112, 7, 1767225600123],
  ['$JS.ACK.hub.ACCOUNTHASH.IN.consumer.1.40112.7.1767225600123456789.12.token', 40112, 7, 1767225600123],
])('%s', (reply, streamSequence, consumerSequence, storedAt) => {
  expect(new DeliveryReader().read(reply)).toEqual({ streamSequence, consumerSequence, storedAt })
  expect(readPending(reply)).toBe(12)
})
