/** An event that somebody in the story will cause. */
export interface PlannedEvent {
  readonly subject: string
  /** Event time, ms since 1970. */
  readonly at: number
  readonly data: Readonly<Record<string, unknown>>
}

/** What a story needs to know: when it begins and how long it may take. */
export interface Scene {
  readonly at: number
  /** Stories that would naturally take longer are told faster. */
  readonly lengthMaxMs: number
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
