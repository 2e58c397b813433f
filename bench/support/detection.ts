import type { JsonObject } from '../../src/engine/index.ts'
import { random } from './traffic.ts'

/*
 * Detection rules as the field writes them for process and log events: 60 % of the conditions are equalities or `in`, 30 % look for
 * text (half of them by regular expression, half of those in any case), 10 % compare numbers. One to three conditions a rule.
 */

const EQUALITY_FIELDS = [
  'EventID',
  'Channel',
  'User',
  'LogonType',
  'IntegrityLevel',
  'ParentImage',
  'Image',
  'Status',
  'Protocol',
  'Computer',
]
const TEXT_FIELDS = [
  'CommandLine',
  'ParentCommandLine',
  'TargetFilename',
  'QueryName',
  'Description',
  'Hashes',
]
const NUMBER_FIELDS = ['DestinationPort', 'SourcePort', 'ProcessId', 'FileSize']
const WORDS = [
  'powershell',
  'mimikatz',
  'rundll32',
  'certutil',
  'encoded',
  'download',
  'invoke',
  'bypass',
  'hidden',
  'schtasks',
  'regsvr32',
  'wscript',
  'bitsadmin',
  'whoami',
  'netsh',
  'vssadmin',
  'shadow',
  'delete',
  'lsass',
  'procdump',
  'comsvcs',
  'base64',
  'frombase',
  'webclient',
  'temp',
  'appdata',
  'roaming',
  'startup',
  'service',
  'create',
]

type Draw = (below: number) => number

const pick = <T>(values: readonly T[], below: Draw): T => values[below(values.length)] as T
/** A word that hardly any event holds: rules look for what is rare. */
const rare = (below: Draw): string => `${pick(WORDS, below)}${below(900) + 100}`

export function detectionRules(count: number): string[] {
  const below = random(3)
  return Array.from({ length: count }, () => {
    const conditions = 1 + below(3)
    return Array.from({ length: conditions }, () => condition(below)).join(' and ')
  })
}

function condition(below: Draw): string {
  const kind = below(100)
  if (kind < 40) return `${pick(EQUALITY_FIELDS, below)} = "${value(below)}"`
  if (kind < 60)
    return `${pick(EQUALITY_FIELDS, below)} in ["${value(below)}", "${value(below)}", "${value(below)}"]`
  const field = pick(TEXT_FIELDS, below)
  if (kind < 75) return `$contains(${field}, "${rare(below)}")`
  if (kind < 83) return `$contains(${field}, /${rare(below)}.*-e[nc]+/)`
  if (kind < 90) return `$contains(${field}, /\\\\${rare(below)}\\.exe/i)`
  const number = pick(NUMBER_FIELDS, below)
  return below(2) === 0 ? `${number} > ${64_000 + below(1500)}` : `${number} < ${below(20)}`
}

const value = (below: Draw): string => `value-${below(400)}`

/** Events of forty fields, about 1.2 kB of JSON. */
export function detectionEvents(count: number): JsonObject[] {
  const below = random(5)
  return Array.from({ length: count }, () => {
    const event: JsonObject = { user: `u${below(10_000)}` }
    for (const field of EQUALITY_FIELDS) event[field] = value(below)
    for (const field of TEXT_FIELDS) event[field] = sentence(below)
    for (const field of NUMBER_FIELDS) event[field] = below(65_536)
    for (let field = 0; field < 19; field++)
      event[`Field${field}`] = field % 2 === 0 ? value(below) : below(1_000_000)
    return event
  })
}

function sentence(below: Draw): string {
  const words = Array.from(
    { length: 3 + below(4) },
    () => `${pick(WORDS, below)}${below(3) === 0 ? below(100) : ''}`,
  )
  return `C:\\Windows\\System32\\${words.join(' ')}`
}
