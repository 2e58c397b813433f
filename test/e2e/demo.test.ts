import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processesWith, startSequitur, temporaryFolder } from '../support/processes.ts'

const LINE = /^(\d\d:\d\d:\d\d|\d\d [A-Z][a-z]{2} {2}) {2}(CRITICAL|HIGH|MEDIUM) +([a-z-]+) {2,}\S.+$/

const demo = (data: string, ...more: readonly string[]) =>
  startSequitur(['demo', '--data', data, '--port', '0', '--nats-port', '0', ...more])

test('the demo alerts in readable lines within seconds, and its next start goes on', async () => {
  const data = join(temporaryFolder(), 'demo')
  const first = await demo(data, '--for', '14s').ended
  expect(first.stderr).toContain(`The data stays in ${data}`)
  expect(first.code).toBe(0)
  const alerts = first.stdout.split('\n').flatMap((line) => LINE.exec(line)?.[3] ?? [])
  expect(alerts.slice(0, 4)).toEqual(['structuring', 'mule-fan-in-out', 'bust-out', 'refund-abuse'])
  expect(first.stdout).toMatch(/12 rules, all 90 tests in them pass/)
  expect(first.stdout).toMatch(/card-testing +Card [0-9a-f]{4}: \d small declines, then \d+ approved/)
  const [, seen, processed, late, dead] =
    /Of (\d+) events in the log so far: (\d+) processed, (\d+) late, (\d+) dead-lettered/.exec(
      first.stderr,
    ) ?? []
  expect(Number(processed) + Number(late) + Number(dead)).toBe(Number(seen))
  expect(await processesWith(data)).toEqual([])

  // Ctrl-C ends all of it.
  const second = demo(data)
  await second.until(/going on from the last run/)
  await second.until(/HIGH|MEDIUM|CRITICAL/)
  const stopped = await second.stop('SIGINT')
  expect(stopped.code).toBe(0)
  expect(stopped.stdout).toMatch(/12 rules \(12 from the last run\)/)
  const [, again] = /Of (\d+) events in the log so far/.exec(stopped.stderr) ?? []
  expect(Number(again)).toBeGreaterThan(Number(seen))
  expect(await processesWith(data)).toEqual([])
}, 120_000)

test('a demo that was killed goes on too', async () => {
  const data = join(temporaryFolder(), 'demo')
  const killed = demo(data)
  await killed.until(/structuring/)
  await killed.stop('SIGKILL')
  const next = demo(data, '--for', '20s')
  await next.until(/going on from the last run/)
  await next.until(/card-testing/)
  expect((await next.stop('SIGINT')).code).toBe(0)
  expect(await processesWith(data)).toEqual([])
}, 120_000)

test('a port that is taken is one clear line', async () => {
  const { createServer } = await import('node:net')
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { readonly port: number }
  const { code, stderr } = await startSequitur([
    'demo',
    '--data',
    join(temporaryFolder(), 'demo'),
    '--port',
    String(port),
  ]).ended
  taken.close()
  expect(code).toBe(1)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stderr).toContain(`another process listens on 127.0.0.1:${port}`)
}, 60_000)
