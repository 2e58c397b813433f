import { randomUUID } from 'node:crypto'
import { isServiceError } from '../service-error.ts'
import type { ReplayRunner } from './child-runner.ts'
import type { ReplayJob, ReplayProgress, ReplayResult } from './contract.ts'

export type ReplayState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** What the runner is not told: who asked, and how it was asked. */
export interface ReplayOrigin {
  readonly author?: string
  readonly since?: string
  readonly until?: string
}

export interface Replay {
  readonly id: string
  readonly state: ReplayState
  readonly job: ReplayJob
  readonly origin: ReplayOrigin
  /** ISO 8601. */
  readonly createdAt: string
  readonly startedAt?: string
  readonly endedAt?: string
  readonly progress: ReplayProgress
  readonly result?: ReplayResult
  readonly error?: { readonly code: string; readonly message: string }
  readonly alerts: readonly string[]
}

/** Replays that may wait; more are refused. */
export const REPLAYS_QUEUED_MAX = 10
/** Ended replays that are remembered, with their alerts. */
export const REPLAYS_KEPT_MAX = 20

interface Entry {
  view: Replay
  readonly ending: AbortController
  readonly kept: string[]
}

/** The replays of this process: one runs, some wait, the last ones can be read. They are gone with the process. */
export class Replays {
  readonly #runner: ReplayRunner
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(runner: ReplayRunner, now: () => number) {
    this.#runner = runner
    this.#now = now
  }

  /** Undefined: too many are waiting. */
  start(job: ReplayJob, origin: ReplayOrigin = {}): Replay | undefined {
    if (this.#isClosed || this.#waiting().length >= REPLAYS_QUEUED_MAX) return undefined
    const kept: string[] = []
    const view: Replay = {
      id: randomUUID(),
      state: 'queued',
      job,
      origin,
      createdAt: this.#time(),
      progress: { entries: 0, total: 0, eventTimeMs: undefined },
      alerts: kept,
    }
    const entry: Entry = { view, ending: new AbortController(), kept }
    this.#entries.set(view.id, entry)
    this.#next()
    return entry.view
  }

  /** Newest first. */
  list(): readonly Replay[] {
    return [...this.#entries.values()].map(({ view }) => view).toReversed()
  }

  get(id: string): Replay | undefined {
    return this.#entries.get(id)?.view
  }

  /** Ends it if it has not ended; what it raised so far can still be read. */
  cancel(id: string): Replay | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    if (entry.view.state === 'queued' || entry.view.state === 'running') {
      entry.view = { ...entry.view, state: 'cancelled', endedAt: this.#time() }
      entry.ending.abort()
    }
    return entry.view
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const id of this.#entries.keys()) this.cancel(id)
    await this.#running
  }

  #waiting(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ view }) => view.state === 'queued')
  }

  #next(): void {
    if (this.#running !== undefined) return
    const [entry] = this.#waiting()
    if (entry === undefined) return
    entry.view = { ...entry.view, state: 'running', startedAt: this.#time() }
    this.#running = this.#run(entry).finally(() => {
      this.#running = undefined
      this.#forget()
      this.#next()
    })
  }

  async #run(entry: Entry): Promise<void> {
    try {
      const reports = {
        progress: (progress: ReplayProgress) => {
          entry.view = { ...entry.view, progress }
        },
        alerts: (alerts: readonly string[]) => void entry.kept.push(...alerts),
      }
      const result = await this.#runner(entry.view.job, reports, entry.ending.signal)
      // Cancelled while it told its result: it stays what its caller was told.
      if (entry.view.state === 'running')
        entry.view = { ...entry.view, state: 'done', endedAt: this.#time(), result }
    } catch (error) {
      if (entry.view.state !== 'running') return
      const code = isServiceError(error) ? error.code : 'replay-failed'
      const message = error instanceof Error ? error.message : String(error)
      entry.view = { ...entry.view, state: 'failed', endedAt: this.#time(), error: { code, message } }
    }
  }

  #forget(): void {
    const ended = [...this.#entries.values()].filter(({ view }) => view.endedAt !== undefined)
    for (const { view } of ended.slice(0, Math.max(0, ended.length - REPLAYS_KEPT_MAX)))
      this.#entries.delete(view.id)
  }

  #time(): string {
    return new Date(this.#now()).toISOString()
  }
}
