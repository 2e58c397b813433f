import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ALERT_SUBJECTS } from '../../src/service/broker/index.ts'
import { subjectMatches } from '../../src/service/subjects.ts'
import { WEBHOOK_DEAD_LETTER_SUBJECTS } from '../../src/service/webhooks/index.ts'

const folder = join(import.meta.dirname, '../../docs/reference')
const document = parse(readFileSync(join(folder, 'asyncapi.yaml'), 'utf8'))

const LOG_SUBJECTS = [...ALERT_SUBJECTS, ...WEBHOOK_DEAD_LETTER_SUBJECTS]

test('every subject of the alert log has its channel, and every channel stands in a log', () => {
  const addresses = Object.values<{ address: string }>(document.channels).map(({ address }) => address)
  const written = addresses
    .filter((address) => address !== '{subject}')
    .map((address) => address.replace(/\{\w+\}/g, 'x'))
  for (const filter of LOG_SUBJECTS)
    expect(
      written.some((subject) => subjectMatches(filter, subject)),
      filter,
    ).toBe(true)
  for (const subject of written)
    expect(
      LOG_SUBJECTS.some((filter) => subjectMatches(filter, subject)),
      subject,
    ).toBe(true)
})

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, target = '']) => target,
  )
  expect(references.length).toBeGreaterThan(20)
  for (const target of references) {
    if (!target.startsWith('#')) expect(existsSync(join(folder, target)), target).toBe(true)
    else {
      let node: unknown = document
      for (const name of target.slice(2).split('/'))
        node = (node as Record<string, unknown> | undefined)?.[name]
      expect(node, target).toBeDefined()
    }
  }
})

test('every channel has an operation', () => {
  const used = Object.values<{ channel: { $ref: string } }>(document.operations).map(({ channel }) =>
    channel.$ref.replace('#/channels/', ''),
  )
  expect(used.sort()).toEqual(Object.keys(document.channels).sort())
})
