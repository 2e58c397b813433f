import { type RuleRecord, versionInForce } from './record.ts'

/**
 * What of a record decides who is alerted; undefined: nobody is. All of it but who wrote it, when and why, where it is kept, how the
 * version came to be, and a candidate that decides no keys. What a later kind of record has besides counts as live.
 */
export function livePartOf(record: RuleRecord | undefined): unknown {
  if (record === undefined || record.kind === 'remove') return undefined
  if (record.kind === 'put' && QUIET_STATUSES.includes(record.status)) return undefined
  const {
    version: _version,
    author: _author,
    reason: _reason,
    at: _at,
    managedBy: _managedBy,
    ...rest
  } = record
  const { proposal: _proposal, approvers: _approvers, breakGlass: _breakGlass, ...said } = rest
  // The engine heeds these only where the text in force is another one.
  const { did: _did, promoted: _promoted, partialMatches: _partialMatches, ...kept } = said
  const { textVersion: _textVersion, candidate, ...live } = kept
  return {
    ...live,
    inForce: versionInForce(record),
    ...(candidate === undefined || candidate.share === 0 ? {} : { candidate }),
  }
}

const QUIET_STATUSES: readonly string[] = ['draft', 'shadow', 'disabled']
