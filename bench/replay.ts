// npm run bench:replay [-- --json --events N]: a replay of the rule packs from JetStream, and whether it raises what a worker raises.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createPartition } from '../src/engine/index.ts'
import {
  connectBroker,
  ensureInputStream,
  obtainNatsServer,
  startEmbeddedServer,
} from '../src/service/broker/index.ts'
import { openCursor } from '../src/service/ingest/index.ts'
import { childReplayRunner } from '../src/service/replay/index.ts'
import { shippedRules } from '../test/support/shipped-rules.ts'
import { fill, packEngine, STREAM } from './pipeline/setup.ts'
import { printTable } from './support/measure.ts'

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, events: { type: 'string', default: '1000000' } },
})
const events = Number(values.events)
const folder = mkdtempSync(join(tmpdir(), 'sequitur-bench-replay-'))
const server = await startEmbeddedServer({
  server: await obtainNatsServer({ older: 'replace' }),
  folder,
  host: '127.0.0.1',
  port: 0,
  syncAlways: false,
})
const broker = await connectBroker({ url: server.url, name: 'bench' })
try {
  await ensureInputStream(broker, {
    stream: STREAM,
    subjects: ['accounts', 'auth', 'credit', 'k8s', 'logs', 'ops', 'payments', 'shop'].map(
      (first) => `${first}.>`,
    ),
    sourceStreams: [],
    inPlace: false,
    retentionMs: 0,
    bytesMax: 0,
  })
  await fill(broker, events)

  const { rules: _programs, ...engine } = packEngine()
  const kept: string[] = []
  const result = await childReplayRunner({ url: server.url, name: 'replay' }, engine)(
    { rules: shippedRules(), span: {}, share: 1, wholeLog: true },
    { progress: () => undefined, alerts: (alerts) => void kept.push(...alerts) },
    new AbortController().signal,
  )

  // As the worker does it: from its cursor, with the rows of a checkpoint.
  const partition = createPartition({ ...packEngine(), index: 0, count: 1 })
  const cursor = openCursor(broker, { stream: STREAM, after: 0 })
  const expected: string[] = []
  let raised = 0
  for await (const batch of cursor.batches()) {
    partition.process(batch)
    for (const { kind, payload } of partition.takeStep()?.effects ?? []) {
      if (kind !== 'alert') continue
      raised += 1
      if (expected.length < kept.length) expected.push(payload)
    }
    if (partition.position >= events) break
  }
  await cursor.close()

  const isSame = raised === result.alerts && kept.every((alert, index) => alert === expected[index])
  const row = {
    events,
    'events/s': result.eventsPerSecond,
    seconds: result.durationMs / 1000,
    alerts: result.alerts,
    'same alerts': isSame ? 'yes' : 'no',
  }
  if (values.json) console.log(JSON.stringify(row))
  else printTable('Replay of the packs, one core', [row])
  if (!isSame) process.exitCode = 1
} finally {
  await broker.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
