export { LIST_VALUES_MAX, ListDesk, type ListOutcome, type ListText, type StoredList } from './list-desk.ts'
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
