import type { JsonObject } from '../../src/engine/index.ts'
import { random } from '../support/traffic.ts'
import type { World } from './cases.ts'

const BANKS = ['DNB', 'SEB', 'ING', 'BNP']
const NOTES = ['Rent for May', 'gift card for a friend', 'Invoice 2231', 'GIFT']
const COMMANDS = ['sudo su', 'ls -la /var/log', 'sudo systemctl restart', 'sudo bash']

/** Events of `shapes` different field orders and extra fields, parsed from JSON as the service's are. */
export function worlds(count: number, shapes: number): World[] {
  const below = random(3)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T
  const parsed = (value: JsonObject): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject
  return Array.from({ length: count }, (_, index) => {
    const fields: JsonObject = {
      amount: below(12_000),
      outcome: pick(['failure', 'success']),
      country: pick(['NO', 'SE', 'DK']),
      channel: pick(['web', 'branch', 'app']),
      creditor: { name: 'x', account: { iban: 'NO93', bank: pick(BANKS) } },
      device: `d${below(3)}`,
      note: pick(NOTES),
      command: pick(COMMANDS),
      host: pick(['db-1', 'web-3', 'db-17']),
      severity: below(10),
    }
    const shape = index % shapes
    const names = Object.keys(fields)
    const data: JsonObject = {}
    for (let i = 0; i < shape; i++) data[`extra_${shape}_${i}`] = i
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + shape) % names.length] as string
      data[name] = fields[name] ?? null
    }
    const pay = Array.from({ length: 5 }, () => parsed({ amount: below(9_000), merchant: `m${below(4)}` }))
    return { data: parsed(data), login: parsed({ device: `d${below(3)}`, outcome: 'success' }), pay }
  })
}
