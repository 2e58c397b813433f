import {
  LISTS_BUCKET,
  type ListRecord,
  listEntry,
  readRecordOf,
  SILENCES_BUCKET,
  type SilenceRecord,
  silenceEntry,
} from '../desk/index.ts'
import type { Activated } from './activator.ts'

/** Rules go into the log as they are kept. */
export const RULES: Activated = {
  bucket: 'SEQUITUR_RULES',
  subject: 'sequitur.log.rule',
  name: 'rule',
  read: (text) => {
    const record = readRecordOf<{ readonly id: string; readonly version: number }>(text, 'id')
    return record === undefined ? undefined : { id: record.id, version: record.version, payload: text }
  },
}

export const LISTS: Activated = {
  bucket: LISTS_BUCKET,
  subject: 'sequitur.log.list',
  name: 'list',
  read: (text) => {
    const record = readRecordOf<ListRecord>(text, 'list')
    return record === undefined || !Array.isArray(record.values)
      ? undefined
      : { id: record.list, version: record.version, payload: listEntry(record) }
  },
}

export const SILENCES: Activated = {
  bucket: SILENCES_BUCKET,
  subject: 'sequitur.log.silence',
  name: 'silence',
  read: (text) => {
    const record = readRecordOf<SilenceRecord>(text, 'id')
    return record === undefined
      ? undefined
      : { id: record.id, version: record.version, payload: silenceEntry(record) }
  },
}
