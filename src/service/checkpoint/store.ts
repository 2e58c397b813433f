import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Effect, StateRow, Step } from '../../engine/index.ts'
import { failPoint } from '../fail-point.ts'
import { ServiceError } from '../service-error.ts'
import type { CheckpointStore, OutboxRow, Restored, StreamIdentity } from '../worker/ports.ts'
import { type Database, openDatabase, type Statement } from './database.ts'
import { type DirectoryEntry, packRows, rowChecksum } from './pack.ts'
import { FORMAT, PRAGMAS, SCHEMA, UPGRADES } from './schema.ts'
import { WaitingChanges } from './waiting-changes.ts'

export interface StoreOptions {
  /** The data folder; one file a partition is kept in it. */
  readonly folder: string
  readonly partition: number
  /** Fixed when the file is made. */
  readonly partitions: number
  /** Confirmed effects are kept this long, to repair an alert log that lost its tail. */
  readonly outboxRetentionMs: number
  readonly now: () => number
  /** `full` waits for the disk at every commit; `normal` may lose the last commits to a power cut, which replay makes good. */
  readonly synchronous?: 'full' | 'normal'
  /** Changes that may wait to be folded while commits go on; half of them are left then. */
  readonly waitingChangesMax?: number
}

interface MetaRow {
  readonly format: number
  readonly partition: number
  readonly partitions: number
  readonly epoch: number
  readonly position: number
  readonly proof: string | null
  readonly stream: string | null
  readonly stream_created: string | null
  readonly effect_number: number
  readonly confirmed: number
}

const COMMIT = `INSERT INTO commits
  (epoch, position, proof, stream, stream_created, effect_number, confirmed, changes, content, effects, now, prune_before)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const FOLD = `INSERT INTO folds (epoch, number, superseded, directory, content)
  SELECT ?, number, ?, directory, content FROM change WHERE number = ?`

/** What waits to be folded before the store folds although it is busy; then it goes on until half of it is left. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024
const WAITING_CHANGES_MAX = 4_096
/** Without a commit for this long the store folds everything. */
const IDLE_MS = 5_000

/**
 * Opens the checkpoint of a partition, or makes an empty one. Throws `data-folder-newer`, `checkpoint-unusable`,
 * `checkpoint-locked`, `checkpoint-corrupt`.
 */
export async function openCheckpointStore(options: StoreOptions): Promise<CheckpointStore> {
  const file = join(options.folder, `partition-${options.partition}.sqlite`)
  try {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new ServiceError(
      'checkpoint-unusable',
      `cannot make the data folder ${options.folder}: ${(cause as Error).message}`,
      {
        hint: 'check the path and who may write there',
        cause,
      },
    )
  }
  const database = await openDatabase(file)
  try {
    await database.execute(`${PRAGMAS} PRAGMA synchronous = ${options.synchronous ?? 'normal'};`)
    chmodSync(file, 0o600)
    const meta = await readMeta(database, file, options)
    const store = new SqliteStore(database, await database.prepare(COMMIT), meta, options)
    await store.readWaiting()
    return store
  } catch (error) {
    await database.close()
    throw error
  }
}

async function readMeta(database: Database, file: string, options: StoreOptions): Promise<MetaRow> {
  const tables = await database.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE name = 'meta'`)
  if (tables.length === 0)
    await database.execute(`BEGIN IMMEDIATE; ${SCHEMA}
      INSERT INTO meta VALUES (1, ${FORMAT}, ${options.partition}, ${options.partitions}, 0, 0, NULL, NULL, NULL, 0, 0);
      COMMIT;`)
  const [meta] = await database.all<MetaRow>('SELECT * FROM meta')
  if (meta === undefined) throw new ServiceError('checkpoint-corrupt', `${file} has no meta row`)
  if (meta.format > FORMAT)
    throw new ServiceError(
      'data-folder-newer',
      `${file} has format ${meta.format}; this version reads up to ${FORMAT}`,
      {
        hint: 'run the newer version, or start with another data folder',
      },
    )
  if (meta.partition !== options.partition || meta.partitions !== options.partitions)
    throw new ServiceError(
      'checkpoint-unusable',
      `${file} is partition ${meta.partition} of ${meta.partitions}, not ${options.partition} of ${options.partitions}`,
      { hint: 'the number of partitions is fixed when the data folder is made' },
    )
  await upgrade(database, file, meta.format)
  return meta
}

/** One format after the other, each in a transaction: what is stopped in between goes on from where it was. */
async function upgrade(database: Database, file: string, from: number): Promise<void> {
  for (let format = from; format < FORMAT; format += 1) {
    const change = UPGRADES[format]
    if (change === undefined)
      throw new ServiceError(
        'checkpoint-unusable',
        `${file} has format ${from}; this version reads formats 1 to ${FORMAT}`,
        { hint: 'open it once with a version in between, or start with another data folder' },
      )
    await database.execute(`BEGIN IMMEDIATE; ${change} UPDATE meta SET format = ${format + 1}; COMMIT;`)
  }
}

const restoredFrom = (meta: MetaRow): Restored => ({
  position: meta.position,
  identity:
    meta.stream === null || meta.stream_created === null
      ? undefined
      : { stream: meta.stream, created: meta.stream_created },
  positionProof: meta.proof ?? undefined,
  epoch: meta.epoch,
  effectNumber: meta.effect_number,
})

class SqliteStore implements CheckpointStore {
  #restored: Restored
  readonly #database: Database
  readonly #commit: Statement
  readonly #options: StoreOptions
  #epoch: number
  #effectNumber: number
  #confirmed: number
  readonly #waiting = new WaitingChanges()
  readonly #waitingChangesMax: number
  #idle: NodeJS.Timeout | undefined
  #folding: Promise<void> | undefined
  #foldFailure: unknown
  #commits = 0
  #closed = false

  constructor(database: Database, commit: Statement, meta: MetaRow, options: StoreOptions) {
    this.#database = database
    this.#commit = commit
    this.#options = options
    this.#waitingChangesMax = options.waitingChangesMax ?? WAITING_CHANGES_MAX
    this.#epoch = meta.epoch
    this.#effectNumber = meta.effect_number
    this.#confirmed = meta.confirmed
    this.#restored = restoredFrom(meta)
  }

  get restored(): Restored {
    return this.#restored
  }

  async *rows(): AsyncIterable<StateRow> {
    // What is not folded yet is newer: it goes over the folded state, the latest last.
    const latest = new Map<string, Uint8Array | undefined>()
    const changes = await this.#database.all<{ directory: string; content: Buffer }>(
      'SELECT directory, content FROM change ORDER BY number',
    )
    for (const { directory, content } of changes)
      for (const [id, offset, length, checksum] of JSON.parse(directory) as DirectoryEntry[])
        latest.set(
          id,
          length < 0 ? undefined : this.#checked(id, content.subarray(offset, offset + length), checksum),
        )
    let after = ''
    for (;;) {
      const page = await this.#database.all<{ id: string; value: Buffer; checksum: number }>(
        'SELECT id, value, checksum FROM state WHERE id > ? ORDER BY id LIMIT 5000',
        [after],
      )
      for (const { id, value, checksum } of page)
        if (!latest.has(id)) yield { id, value: this.#checked(id, value, checksum) }
      const last = page.at(-1)
      if (last === undefined) break
      after = last.id
    }
    for (const [id, value] of latest) if (value !== undefined) yield { id, value }
  }

  async outbox(after: number): Promise<readonly OutboxRow[]> {
    const rows = await this.#database.all<{ effect: string }>(
      'SELECT effect FROM outbox WHERE number > ? ORDER BY number',
      [after],
    )
    return rows.map(({ effect }) => JSON.parse(effect) as OutboxRow)
  }

  async scrub(isErased: (effect: Effect) => boolean): Promise<number> {
    let count = 0
    for (const row of await this.outbox(0)) {
      if (row.kind === 'erased' || !isErased(row)) continue
      const { number } = row
      await this.#database.run(
        'UPDATE outbox SET effect = ? WHERE number = ? AND (SELECT epoch FROM meta) = ?',
        [JSON.stringify({ kind: 'erased', number } satisfies OutboxRow), number, this.#epoch],
      )
      count += 1
    }
    // What waits to be folded holds older rows, and the log of the file older pages.
    await this.#folding
    this.#fold(() => this.#waiting.count > 0)
    await this.#folding
    if (this.#foldFailure !== undefined) throw this.#foldFailure
    const [result] = await this.#database.all<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)')
    if (result?.busy !== 0)
      throw new ServiceError(
        'checkpoint-locked',
        `partition ${this.#options.partition} is being read by others`,
        {
          hint: 'end what reads the file; the erasure goes on by itself',
        },
      )
    return count
  }

  async commit(
    step: Step,
    proof: { readonly identity: StreamIdentity; readonly positionProof: string },
  ): Promise<void> {
    if (this.#foldFailure !== undefined) throw this.#foldFailure
    const { changes, content, pieces } = packRows(step.rows, this.#waiting.nextNumber)
    this.#effectNumber = step.effects.at(-1)?.number ?? this.#effectNumber
    const now = this.#options.now()
    await this.#commit.run([
      this.#epoch,
      step.position,
      proof.positionProof,
      proof.identity.stream,
      proof.identity.created,
      this.#effectNumber,
      this.#confirmed,
      changes,
      content,
      JSON.stringify(step.effects),
      now,
      now - this.#options.outboxRetentionMs,
    ])
    for (const piece of pieces) this.#waiting.push(piece)
    this.#foldSoon()
  }

  /** What an earlier owner, or an earlier life of this one, committed and did not fold. */
  async readWaiting(): Promise<void> {
    this.#waiting.clear()
    const changes = await this.#database.all<{ number: number; directory: string; bytes: number }>(
      'SELECT number, directory, length(content) AS bytes FROM change ORDER BY number',
    )
    for (const { number, directory, bytes } of changes) {
      const ids = (JSON.parse(directory) as DirectoryEntry[]).map(([id]) => id)
      this.#waiting.push({ number, ids, bytes })
    }
  }

  confirm(number: number): void {
    this.#confirmed = Math.max(this.#confirmed, number)
  }

  async nextEpoch(): Promise<number> {
    await this.#database.run('UPDATE meta SET epoch = epoch + 1')
    const [meta] = await this.#database.all<MetaRow>('SELECT * FROM meta')
    if (meta === undefined) throw new ServiceError('checkpoint-corrupt', 'the meta row is gone')
    // An owner before us may have committed after the file was opened; from now on it cannot.
    this.#epoch = meta.epoch
    this.#effectNumber = meta.effect_number
    this.#confirmed = meta.confirmed
    this.#restored = restoredFrom(meta)
    await this.readWaiting()
    return meta.epoch
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#folding
    await this.#commit.finalize()
    await this.#database.close()
  }

  /**
   * Folding a row costs many times what committing it did, so it waits: for a pause, or until much has gathered, of which a good
   * part has changed again by then and need not be folded at all.
   */
  #foldSoon(): void {
    this.#commits += 1
    const { bytes, count } = this.#waiting
    const isMuch = bytes > WAITING_BYTES_MAX || count > this.#waitingChangesMax
    clearTimeout(this.#idle)
    if (isMuch) this.#fold(() => this.#isHalfFull())
    else this.#idle = setTimeout(() => this.#foldWhileIdle(), IDLE_MS).unref()
  }

  #foldWhileIdle(): void {
    const commits = this.#commits
    this.#fold(() => this.#waiting.count > 0 && commits === this.#commits)
  }

  #fold(goesOn: () => boolean): void {
    if (this.#folding !== undefined || this.#closed) return
    this.#folding = this.#foldWhile(goesOn)
      .catch((error: unknown) => {
        // The next commit reports it: a store that cannot fold must not go on in silence.
        this.#foldFailure = error
      })
      .finally(() => {
        this.#folding = undefined
      })
  }

  #isHalfFull(): boolean {
    const { bytes, count } = this.#waiting
    return bytes > WAITING_BYTES_MAX / 2 || count > this.#waitingChangesMax / 2
  }

  /** One change at a time, so that a commit waits for one of them at most. */
  async #foldWhile(goesOn: () => boolean): Promise<void> {
    while (!this.#closed && goesOn()) {
      const oldest = this.#waiting.oldest()
      if (oldest === undefined) return
      const { piece, superseded } = oldest
      const folding = this.#database.run(FOLD, [this.#epoch, JSON.stringify(superseded), piece.number])
      failPoint('in-fold')
      await folding
      this.#waiting.shift()
    }
  }

  #checked(id: string, value: Uint8Array, checksum: number): Uint8Array {
    if (rowChecksum(id, value) !== checksum)
      throw new ServiceError(
        'checkpoint-corrupt',
        `row ${id} of partition ${this.#options.partition} is not what was written`,
        {
          hint: 'the disk changed it; restore a savepoint, or start with an empty data folder and replay',
        },
      )
    return value
  }
}
