import type { Problem } from '../../engine/index.ts'
import type { Bucket, BucketEntry, Expectation, WriteBy } from '../catalogue/index.ts'
import { readRecordOf } from '../desk/index.ts'
import type { WebhookFilter, WebhookRecord } from './records.ts'

export interface StoredWebhook {
  readonly record: WebhookRecord
  readonly revision: number
}

export interface WebhookText {
  readonly description?: string
  readonly url: string
  readonly filter?: WebhookFilter
  readonly secret: string
  readonly enabled: boolean
}

export type WebhookOutcome =
  | {
      readonly kind: 'stored'
      readonly change: 'created' | 'updated' | 'unchanged' | 'removed'
      readonly webhook: StoredWebhook
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'conflict'; readonly current: StoredWebhook | undefined }
  | { readonly kind: 'expectation-needed' }
  | { readonly kind: 'not-found' }

export interface WebhookDeskOptions {
  readonly bucket: Bucket
  readonly now: () => number
  /** What stands against the address and the secret here. */
  readonly check: (text: WebhookText) => readonly Problem[]
  /** The sequence that the next alert will have. */
  readonly nextAlert: () => Promise<number>
  /** Gives up the place in the alert log of a webhook that was removed. */
  readonly forget: (record: WebhookRecord) => Promise<void>
}

export const WEBHOOKS_MAX = 100

/** The webhooks and who changed them. Conflicts are found by revision, as with rules. */
export class WebhookDesk {
  readonly #options: WebhookDeskOptions

  constructor(options: WebhookDeskOptions) {
    this.#options = options
  }

  /** By name. */
  async list(): Promise<readonly StoredWebhook[]> {
    return (await this.#options.bucket.entries())
      .map(storedOf)
      .filter((webhook) => webhook !== undefined)
      .sort((left, right) => (left.record.webhook < right.record.webhook ? -1 : 1))
  }

  async get(name: string): Promise<StoredWebhook | undefined> {
    return storedOf(await this.#options.bucket.get(name))
  }

  async put(name: string, text: WebhookText, expected: Expectation, by: WriteBy): Promise<WebhookOutcome> {
    const entry = await this.#options.bucket.get(name)
    const current = storedOf(entry)
    const refusal = refusalOf(current, expected)
    if (refusal !== undefined) return refusal
    const problems = [...this.#options.check(text)]
    if (current === undefined && (await this.list()).length >= WEBHOOKS_MAX)
      problems.push({
        code: 'webhooks-too-many',
        severity: 'error',
        message: `there are ${WEBHOOKS_MAX} webhooks`,
        hint: 'remove some, or have one receiver hand alerts on',
        at: {},
      })
    if (problems.length > 0) return { kind: 'invalid', problems }
    if (current !== undefined && sameText(current.record, text))
      return { kind: 'stored', change: 'unchanged', webhook: current }
    const from = current?.record.from ?? (await this.#options.nextAlert())
    const record = { ...this.#written(name, entry, by), ...text, from }
    return this.#store(entry, record, current === undefined ? 'created' : 'updated', by)
  }

  async remove(name: string, expected: Expectation, by: WriteBy): Promise<WebhookOutcome> {
    const entry = await this.#options.bucket.get(name)
    const current = storedOf(entry)
    if (entry === undefined || current === undefined) return { kind: 'not-found' }
    const refusal = refusalOf(current, expected)
    if (refusal !== undefined) return refusal
    const { secret, from } = current.record
    const record = {
      ...this.#written(name, entry, by),
      url: '',
      secret,
      from,
      enabled: false,
      removed: true,
    } as const
    const outcome = await this.#store(entry, record, 'removed', by)
    if (outcome.kind === 'stored' && by.dryRun !== true) await this.#options.forget(record)
    return outcome
  }

  /** Stops sending; false when somebody changed the webhook since it was read, whose word counts then. */
  async disable({ record, revision }: StoredWebhook, because: string): Promise<boolean> {
    const { author: _, reason: __, ...kept } = record
    const disabled: WebhookRecord = {
      ...kept,
      version: record.version + 1,
      enabled: false,
      disabledBecause: because,
      at: new Date(this.#options.now()).toISOString(),
    }
    return (await this.#options.bucket.put(record.webhook, JSON.stringify(disabled), revision)) !== undefined
  }

  async #store(
    entry: BucketEntry | undefined,
    record: WebhookRecord,
    change: 'created' | 'updated' | 'removed',
    by: WriteBy,
  ): Promise<WebhookOutcome> {
    const expected = entry?.revision ?? 0
    if (by.dryRun === true) return { kind: 'stored', change, webhook: { record, revision: expected } }
    const revision = await this.#options.bucket.put(record.webhook, JSON.stringify(record), expected)
    if (revision === undefined) return { kind: 'conflict', current: await this.get(record.webhook) }
    return { kind: 'stored', change, webhook: { record, revision } }
  }

  #written(webhook: string, entry: BucketEntry | undefined, by: WriteBy) {
    return {
      webhook,
      version: (readRecordOf<WebhookRecord>(entry?.value, 'webhook')?.version ?? 0) + 1,
      ...(by.author === undefined ? {} : { author: by.author }),
      ...(by.reason === undefined ? {} : { reason: by.reason }),
      at: new Date(this.#options.now()).toISOString(),
    }
  }
}

function storedOf(entry: BucketEntry | undefined): StoredWebhook | undefined {
  const record = readRecordOf<WebhookRecord>(entry?.value, 'webhook')
  return entry === undefined || record === undefined || record.removed === true
    ? undefined
    : { record, revision: entry.revision }
}

function refusalOf(current: StoredWebhook | undefined, expected: Expectation): WebhookOutcome | undefined {
  switch (expected.kind) {
    case 'any':
      return undefined
    case 'absent':
      return current === undefined ? undefined : { kind: 'conflict', current }
    case 'revision':
      return current?.revision === expected.revision ? undefined : { kind: 'conflict', current }
    case 'unstated':
      return current === undefined ? undefined : { kind: 'expectation-needed' }
    default:
      return expected satisfies never
  }
}

const sameText = (record: WebhookRecord, text: WebhookText): boolean =>
  record.description === text.description &&
  record.url === text.url &&
  record.secret === text.secret &&
  record.enabled === text.enabled &&
  JSON.stringify(record.filter) === JSON.stringify(text.filter)
