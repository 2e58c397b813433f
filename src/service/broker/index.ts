export { BROKER_CODES } from './codes.ts'
export {
  answerOfConnection,
  type Broker,
  type BrokerOptions,
  connectBroker,
  isAtLeast,
  isNotFound,
  isWrongLastSequence,
  WRONG_LAST_SEQUENCE,
} from './connect.ts'
export { type EmbeddedServer, startEmbeddedServer } from './nats-server/embedded.ts'
export { findNatsServer } from './nats-server/find.ts'
export { obtainNatsServer } from './nats-server/obtain.ts'
export {
  ALERT_STATES_STREAM,
  ALERT_STREAM,
  ALERT_SUBJECTS,
  CONTROL_SUBJECT,
  ensureAlertStream,
  ensureInputStream,
  findStream,
  type InputStreamOptions,
  WEBHOOK_DEAD_LETTERS_STREAM,
} from './streams.ts'
