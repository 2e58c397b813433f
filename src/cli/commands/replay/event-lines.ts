import { eventTime, type LogEntry, streamSequence } from '../../../engine/index.ts'

/** A line that is no event. */
export interface RefusedLine {
  readonly line: number
  readonly why: string
}

export interface EventLinesOptions {
  /** Of every event; absent: each line carries its own. */
  readonly subject?: string | undefined
  /** Of lines before the first that has a time; Unix milliseconds. */
  readonly startMs: number
  readonly refused: (line: RefusedLine) => void
}

const NEWLINE = 10
const QUOTE = 34
const BACKSLASH = 92
const STRUCTURED = { 'content-type': 'application/cloudevents+json' }

/**
 * Log entries of NDJSON, as `POST /v1/events` would have stored them. Payloads are the bytes of the file, uncopied: a line is
 * scanned for its members once, and parsed by the engine alone.
 */
export class EventLines {
  readonly #options: EventLinesOptions
  #rest: Buffer | undefined
  #line = 0
  #sequence = 0
  #time: number
  /** Latest time of storing. */
  newestMs = 0

  constructor(options: EventLinesOptions) {
    this.#options = options
    this.#time = options.startMs
  }

  get sequence(): number {
    return this.#sequence
  }

  /** The entries whose lines end in this part of the file. */
  take(part: Buffer): LogEntry[] {
    const bytes = this.#rest === undefined ? part : Buffer.concat([this.#rest, part])
    const entries: LogEntry[] = []
    let start = 0
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start)
      if (end < 0) break
      this.#read(bytes, { start, end }, entries)
      start = end + 1
    }
    this.#rest = start < bytes.length ? bytes.subarray(start) : undefined
    return entries
  }

  /** The last line, when nothing ends it. */
  end(): LogEntry[] {
    const entries: LogEntry[] = []
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) this.#read(rest, { start: 0, end: rest.length }, entries)
    return entries
  }

  #read(bytes: Buffer, range: Range, entries: LogEntry[]): void {
    this.#line += 1
    const line = trimmed(bytes, range)
    if (line.start === line.end) return
    const entry = this.#entry(bytes, line)
    if (typeof entry === 'string') this.#options.refused({ line: this.#line, why: entry })
    else entries.push(entry)
  }

  #entry(bytes: Buffer, line: Range): LogEntry | string {
    const members = membersOf(bytes, line)
    if (members === undefined) return 'it is no JSON object'
    const isCloudEvent = members.specversion !== undefined
    const shared = this.#options.subject
    const subject = shared ?? textOf(bytes, members.subject)
    if (subject === undefined) return 'nothing says on which subject it belongs: add "subject", or --subject'
    if (subject.startsWith('sequitur.')) return `${subject} is one of Sequitur's own subjects`
    const isWhole = isCloudEvent || shared !== undefined
    const payload = isWhole ? line : members.data
    if (payload === undefined) return 'it has no "data"'
    // The time of an event that is the whole line is its payload's affair.
    const time = isWhole && !isCloudEvent ? this.#time : this.#timeOf(bytes, members.time)
    if (time === undefined) return '"time" is neither ISO 8601 nor Unix milliseconds'
    this.#time = time
    if (time > this.newestMs) this.newestMs = time
    const id = isWhole ? undefined : textOf(bytes, members.id)
    this.#sequence += 1
    const entry = {
      sequence: streamSequence(this.#sequence),
      subject,
      ingestedAt: eventTime(time),
      payload: bytes.subarray(payload.start, payload.end),
    }
    if (isCloudEvent) return { ...entry, headers: STRUCTURED }
    return id === undefined ? entry : { ...entry, headers: { 'nats-msg-id': id } }
  }

  #timeOf(bytes: Buffer, range: Range | undefined): number | undefined {
    if (range === undefined) return this.#time
    const text = textOf(bytes, range) ?? ''
    const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
    return Number.isFinite(time) && time >= 0 ? time : undefined
  }
}

interface Range {
  readonly start: number
  readonly end: number
}

interface Members {
  subject?: Range
  data?: Range
  time?: Range
  id?: Range
  specversion?: Range
}

const NAMES: readonly string[] = ['subject', 'data', 'time', 'id', 'specversion'] satisfies Array<
  keyof Members
>

/** Where the members of interest stand; undefined when it is no object. What stands inside them is not looked at. */
function membersOf(bytes: Buffer, line: Range): Members | undefined {
  if (bytes[line.start] !== 123 || bytes[line.end - 1] !== 125) return undefined
  const members: Members = {}
  let at = afterSpace(bytes, line.start + 1)
  while (bytes[at] === QUOTE) {
    const nameEnd = endOfText(bytes, at, line.end)
    const name = bytes.toString('latin1', at + 1, nameEnd - 1)
    at = afterSpace(bytes, nameEnd)
    if (bytes[at] !== 58) return undefined
    const start = afterSpace(bytes, at + 1)
    const end = endOfValue(bytes, start, line.end)
    if (end <= start) return undefined
    if (NAMES.includes(name)) members[name as keyof Members] = { start, end }
    at = afterSpace(bytes, end)
    if (bytes[at] === 44) at = afterSpace(bytes, at + 1)
    else break
  }
  return at === line.end - 1 ? members : undefined
}

/** A string without its quotes, or a number as it stands. */
function textOf(bytes: Buffer, range: Range | undefined): string | undefined {
  if (range === undefined) return undefined
  const text = bytes.toString('utf8', range.start, range.end)
  if (!text.startsWith('"')) return /^-?\d/.test(text) ? text : undefined
  if (!text.includes('\\')) return text.slice(1, -1)
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}

function endOfText(bytes: Buffer, start: number, end: number): number {
  let at = start + 1
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function endOfValue(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start]
  if (first === QUOTE) return endOfText(bytes, start, end)
  let depth = 0
  let at = start
  while (at < end) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = endOfText(bytes, at, end)
      continue
    }
    if (byte === 123 || byte === 91) depth += 1
    else if (byte === 125 || byte === 93) {
      if (depth === 0) return at
      depth -= 1
      if (depth === 0) return at + 1
    } else if (depth === 0 && (byte === 44 || isSpace(byte))) return at
    at += 1
  }
  return at
}

const isSpace = (byte: number | undefined): boolean => byte === 32 || byte === 9 || byte === 13

function afterSpace(bytes: Buffer, start: number): number {
  let at = start
  while (isSpace(bytes[at])) at += 1
  return at
}

function trimmed(bytes: Buffer, { start, end }: Range): Range {
  let last = end
  while (last > start && isSpace(bytes[last - 1])) last -= 1
  return { start: Math.min(afterSpace(bytes, start), last), end: last }
}
