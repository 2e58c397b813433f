export { type AlertStateStore, openAlertStates } from './alert-states.ts'
export { ListDesk, type ListOutcome, type ListText, type StoredList } from './list-desk.ts'
export { precisionOf } from './precision.ts'
export { readValues, type ValuesFormat } from './read-values.ts'
export {
  LISTS_BUCKET,
  type ListRecord,
  listEntry,
  readRecordOf,
  SILENCES_BUCKET,
  type SilenceRecord,
  silenceEntry,
} from './records.ts'
export { SilenceDesk, type SilenceOutcome, type StoredSilence } from './silence-desk.ts'
export { type AlertStateName, type StateChange, StateDesk, VERDICTS, type Verdict } from './state-desk.ts'
