import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sqlite3 from 'sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Effect, eventTime, type StateRow, streamSequence } from '../../engine/index.ts'
import type { CheckpointStore } from '../worker/ports.ts'
import { openCheckpointStore } from './index.ts'

const proof = { identity: { stream: 'IN', created: '2026-01-01T00:00:00Z' }, positionProof: 'p' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const effect = (number: number): Effect => ({
  number,
  kind: 'alert',
  subject: 'alerts.a.b.high',
  id: `id-${number}`,
  payload: `{"n":${number},"text":"it's é"}`,
  time: eventTime(number),
})
const step = (position: number, rows: readonly StateRow[], effects: readonly Effect[] = []) => ({
  position: streamSequence(position),
  ingestedAt: eventTime(position),
  rows,
  effects,
})

describe('checkpoint store', () => {
  let folder: string
  let now = 0
  const open = (over = {}): Promise<CheckpointStore> =>
    openCheckpointStore({
      folder,
      partition: 0,
      partitions: 1,
      outboxRetentionMs: 100,
      now: () => now,
      ...over,
    })
  const stateOf = async (store: CheckpointStore): Promise<Record<string, string>> => {
    const state: Record<string, string> = {}
    for await (const { id, value } of store.rows()) state[id] = new TextDecoder().decode(value)
    return state
  }
  const raw = (sql: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const database = new sqlite3.Database(join(folder, 'partition-0.sqlite'))
      database.exec(sql, (error) => database.close(() => (error === null ? resolve() : reject(error))))
    })

  beforeEach(() => {
    now = 0
    folder = mkdtempSync(join(tmpdir(), 'sequitur-store-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is empty when new', async () => {
    const store = await open()
    expect(store.restored).toMatchObject({ position: 0, effectNumber: 0, epoch: 0, identity: undefined })
    expect(await stateOf(store)).toEqual({})
    await store.close()
  })

  it('gives back state, position and outbox, the latest of each row', async () => {
    let store = await open()
    await store.commit(
      step(
        7,
        [
          { id: 'a', value: bytes('1') },
          { id: 'k/"ü', value: bytes('2') },
        ],
        [effect(1), effect(2)],
      ),
      proof,
    )
    await store.commit(
      step(9, [
        { id: 'a', value: undefined },
        { id: 'b', value: bytes('') },
      ]),
      proof,
    )
    await store.commit(step(12, [{ id: 'b', value: bytes('3') }]), proof)
    const before = await stateOf(store)
    await store.close()
    store = await open()
    expect(store.restored).toMatchObject({
      position: 12,
      effectNumber: 2,
      positionProof: 'p',
      identity: proof.identity,
    })
    expect(before).toEqual({ 'k/"ü': '2', b: '3' })
    expect(await stateOf(store)).toEqual(before)
    expect(await store.outbox(1)).toEqual([effect(2)])
    await store.close()
  })

  it('packs a step of many rows', async () => {
    const store = await open()
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      id: `k/${index}`,
      value: bytes(String(index)),
    }))
    await store.commit(step(1, rows), proof)
    const state = await stateOf(store)
    expect(Object.keys(state)).toHaveLength(5_000)
    expect(state['k/4999']).toBe('4999')
    await store.close()
  })

  it('prunes the outbox of what is confirmed and old, and of nothing else', async () => {
    const store = await open()
    await store.commit(step(1, [], [effect(1), effect(2)]), proof)
    store.confirm(1)
    now = 50
    await store.commit(step(2, [], [effect(3)]), proof)
    expect((await store.outbox(0)).map(({ number }) => number)).toEqual([1, 2, 3])
    now = 101
    await store.commit(step(3, []), proof)
    expect((await store.outbox(0)).map(({ number }) => number)).toEqual([2, 3])
    await store.close()
  })

  it('refuses the commit of an owner whose epoch is over', async () => {
    const older = await open()
    await older.nextEpoch()
    const newer = await open()
    expect(await newer.nextEpoch()).toBe(2)
    await expect(older.commit(step(1, []), proof)).rejects.toMatchObject({ code: 'fenced' })
    await newer.commit(step(1, []), proof)
    await older.close()
    await newer.close()
  })

  it.each([
    ['format = 99', 'data-folder-newer'],
    ['format = 0', 'checkpoint-unusable'],
    ['partitions = 4', 'checkpoint-unusable'],
  ])('refuses a file with %s', async (change, code) => {
    await (await open()).close()
    await raw(`UPDATE meta SET ${change}`)
    await expect(open()).rejects.toMatchObject({ code })
  })

  it('takes over a file of format 1, with what was not folded yet', async () => {
    const store = await open()
    await store.commit(step(1, [{ id: 'a', value: bytes('one') }]), proof)
    await store.close()
    await raw(`DROP TRIGGER fold_change; DROP VIEW folds;
      CREATE VIEW folds AS SELECT 0 AS epoch, 0 AS number, '' AS superseded;
      UPDATE meta SET format = 1;`)
    const again = await open()
    expect(await stateOf(again)).toEqual({ a: 'one' })
    await again.close()
    await raw(`INSERT INTO folds SELECT 0, number, '[]', directory, content FROM change;`)
    const folded = await open()
    expect(await stateOf(folded)).toEqual({ a: 'one' })
    await folded.close()
  })

  it('notices a flipped bit, wherever the row lies by then', async () => {
    const store = await open()
    await store.commit(step(1, [{ id: 'a', value: bytes('one') }]), proof)
    await store.close()
    await raw(`UPDATE change SET content = x'6f6e64'; UPDATE state SET value = x'6f6e64';`)
    const again = await open()
    await expect(stateOf(again)).rejects.toMatchObject({ code: 'checkpoint-corrupt' })
    await again.close()
  })

  it('folds changes into the state, whatever it was stopped in', async () => {
    const store = await open()
    for (let position = 1; position <= 40; position += 1)
      await store.commit(
        step(position, [
          { id: `k/${position % 7}`, value: bytes(String(position)) },
          { id: `gone/${position - 1}`, value: undefined },
          { id: `gone/${position}`, value: bytes('x') },
        ]),
        proof,
      )
    const before = await stateOf(store)
    await store.close()
    await raw(`INSERT INTO folds SELECT 0, number, '[]', directory, content FROM change ORDER BY number`)
    const again = await open()
    expect(await stateOf(again)).toEqual(before)
    expect(before).toEqual({
      'k/0': '35',
      'k/1': '36',
      'k/2': '37',
      'k/3': '38',
      'k/4': '39',
      'k/5': '40',
      'k/6': '34',
      'gone/40': 'x',
    })
    await again.close()
  })

  it('folds what was superseded once, under a load that never pauses', async () => {
    let store = await open()
    const model = new Map<string, string>()
    for (let position = 1; position <= 160; position += 1) {
      const rows = Array.from({ length: 4 }, (_, index) => {
        const id = `k/${(position * 7 + index * 13) % 60}`
        const isGone = (position + index) % 9 === 0
        const text = `${position} ${index} ${'x'.repeat(80_000)}`
        if (isGone) model.delete(id)
        else model.set(id, text)
        return { id, value: isGone ? undefined : bytes(text) }
      })
      await store.commit(step(position, rows), proof)
    }
    await store.close()
    store = await open()
    expect(await stateOf(store)).toEqual(Object.fromEntries(model))
    await store.close()
  })

  it('lets nobody fold whose epoch is over', async () => {
    const store = await open()
    await store.commit(step(1, [{ id: 'a', value: bytes('1') }]), proof)
    await store.nextEpoch()
    await expect(raw(`INSERT INTO folds VALUES (0, 1, '[0]', '[]', x'')`)).rejects.toThrow(/fenced/)
    expect(await stateOf(store)).toEqual({ a: '1' })
    await store.close()
  })

  it('is as it was after some commit, wherever its journal was cut off', async () => {
    const store = await open()
    const file = join(folder, 'partition-0.sqlite')
    const states = new Map<number, Record<string, string>>([[0, {}]])
    for (let position = 1; position <= 12; position += 1) {
      const rows = [
        { id: `k/${position % 5}`, value: bytes(`${position}`) },
        {
          id: `k/${(position * 3) % 5}`,
          value: position % 4 === 0 ? undefined : bytes('x'.repeat(position)),
        },
      ]
      await store.commit(step(position, rows, [effect(position)]), proof)
      states.set(position, await stateOf(store))
    }
    const [base, journal] = [readFileSync(file), readFileSync(`${file}-wal`)]
    await store.close()
    const seen = new Set<number>()
    for (let cut = 0; cut <= journal.length; cut += 1 + ((cut * 7919) % 1_500)) {
      rmSync(`${file}-shm`, { force: true })
      writeFileSync(file, base)
      writeFileSync(`${file}-wal`, journal.subarray(0, cut))
      const again = await open()
      const { position, effectNumber } = again.restored
      expect(effectNumber).toBe(position)
      expect(await stateOf(again)).toEqual(states.get(position))
      expect((await again.outbox(0)).map(({ number }) => number)).toEqual(
        Array.from({ length: position }, (_, index) => index + 1),
      )
      seen.add(position)
      await again.close()
    }
    expect(seen.size).toBeGreaterThan(6)
  })

  it('says in one line that a file is no database', async () => {
    await (await open()).close()
    for (const name of ['partition-0.sqlite', 'partition-0.sqlite-wal'])
      writeFileSync(join(folder, name), 'not a database at all, but long enough to be one?'.repeat(100))
    await expect(open()).rejects.toMatchObject({ code: 'checkpoint-corrupt' })
  })
})
