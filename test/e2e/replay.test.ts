import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { ROOT, sequitur, startService, temporaryFolder } from '../support/processes.ts'

const rule = (count: number): string => `rule: burst
status: live
by: user
events:
  A: events.a
pattern: at least ${count} A within 5 minutes
suppress: false
`

const rows = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('replay against a service: drafts, stored versions, differences and exit codes', async () => {
  const service = await startService()
  const { folder } = service
  const run = (...words: string[]) => sequitur(['replay', ...words, '--server', service.url], { cwd: folder })
  writeFileSync(join(folder, 'burst.yaml'), rule(2))
  const applied = await sequitur(['apply', 'burst.yaml', '--server', service.url], { cwd: folder })
  expect(applied.code).toBe(0)
  const connection = await connect({ servers: service.nats })
  try {
    const client = jetstream(connection)
    const alerts = connection.subscribe('alerts.>', { max: 2 })
    await connection.flush()
    for (const user of ['ada', 'bob', 'ada', 'bob', 'ada'])
      await client.publish('events.a', JSON.stringify({ user }))
    for await (const _alert of alerts);
  } finally {
    await connection.close()
  }
  const same = await run('burst', '--since', '1h', '--against', 'live')
  expect([same.code, same.stderr]).toEqual([0, ''])
  const found = rows(same.stdout)
  expect(found.find(({ kind }) => kind === 'difference')).toMatchObject({ onlyOld: 0, onlyNew: 0 })
  expect(found.at(-1)).toMatchObject({ kind: 'result', events: 5 })

  writeFileSync(join(folder, 'burst.yaml'), rule(3))
  for (const against of ['live', '1']) {
    const edited = await run('burst.yaml', '--against', against)
    expect(edited.code).toBe(1)
    expect(rows(edited.stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'rule', rule: 'burst', version: 2, alerts: 1 }),
        expect.objectContaining({ kind: 'only-old', key: 'bob', version: 1 }),
      ]),
    )
  }
  const table = await run('burst.yaml', '--against', 'live', '-o', 'table')
  expect(table.stdout).toMatch(/^RULE +VERSION +ALERTS +WITHHELD\nburst +2 +1/)
  expect(table.stdout).toMatch(/Against live: 0 in both\n {2}- \d+ only in live\n/)

  expect((await run('nowhere')).code).toBe(1)
  expect((await run('burst', '--against', 'yesterday')).code).toBe(2)
  writeFileSync(join(folder, 'burst.yaml'), rule(3).replace('within', 'wihtin'))
  const broken = await run('burst.yaml')
  expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('wihtin')])
}, 180_000)

test('the demo prints a sample that the packs alert on, and what is broken in it is counted by reason', async () => {
  const cwd = temporaryFolder()
  const sample = await sequitur(['demo', '--events', '4000'], { cwd })
  writeFileSync(join(cwd, 'sample.ndjson'), sample.stdout)
  const times = rows(sample.stdout).map(({ time }) => Date.parse(time))
  expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? time))).toBe(true)
  const figures = await sequitur(['replay', join(ROOT, 'rules'), '--input', 'sample.ndjson'], { cwd })
  const result = rows(figures.stdout).at(-1)
  expect(result).toMatchObject({ kind: 'result', entries: 4000, late: 0 })
  expect(result.alerts).toBeGreaterThan(10)
  expect(result.deadLetters).toEqual({ 'payload-not-an-object': result.deadLettered })
  expect(result.deadLettered).toBeGreaterThan(0)
  const table = await sequitur(['replay', join(ROOT, 'rules'), '--input', 'sample.ndjson', '-o', 'table'], {
    cwd,
  })
  expect(table.stdout).toContain(`dead-lettered (${result.deadLettered} payload-not-an-object)`)
})

test('replay of a file: what is no event is named with its line, and the rest is read', async () => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'burst.yaml'), rule(2))
  const lines = [
    '{"subject":"events.a","time":"2026-01-01T00:00:00Z","data":{"user":"a \\"{ b"}}',
    '',
    'no event',
    '{"data":{"user":"x"}}',
    ' { "id": "7", "subject" : "events.a" , "time": 1767225661000, "data": { "user": "a \\"{ b" } } ',
    '{"specversion":"1.0","id":"e","source":"s","type":"t","subject":"events.a","time":"2026-01-01T00:02:00Z","data":{"user":"c"}}',
    '{"specversion":"1.0","id":"f","source":"s","type":"t","subject":"events.a","data":{"user":"c"}}',
  ]
  writeFileSync(join(cwd, 'events.ndjson'), lines.join('\n'))
  const figures = await sequitur(['replay', 'burst.yaml', '--input', 'events.ndjson'], { cwd })
  expect(figures.code).toBe(3)
  expect(figures.stderr).toMatch(/events.ndjson:3: .*\nevents.ndjson:4: .*\n2 lines of events.ndjson/)
  expect(rows(figures.stdout).at(-1)).toMatchObject({ events: 4, alerts: 2, deadLettered: 0, late: 0 })
  const alerts = await sequitur(['replay', 'burst.yaml', '--input', 'events.ndjson', '--alerts'], { cwd })
  expect(rows(alerts.stdout).map(({ time, data }) => [time, data.key.user, data.events[1].id])).toEqual([
    ['2026-01-01T00:01:01.000Z', 'a "{ b', '7'],
    ['2026-01-01T00:02:00.000Z', 'c', 'f'],
  ])
  expect((await sequitur(['replay', 'burst.yaml', '--input', 'x', '--since', '1h'], { cwd })).code).toBe(2)
  expect((await sequitur(['replay', 'burst.yaml', '--input', 'missing.ndjson'], { cwd })).code).toBe(3)
})
