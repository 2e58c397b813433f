import { pino } from 'pino'

/**
 * The service's log: JSON lines on standard error. Levels by consequence: `error` means somebody must act, `warn` that something
 * was lost or refused and is accounted for, `info` a change of state an operator wants to see once, `debug` the rest. Payloads,
 * keys and secrets are never logged.
 */
export interface Log {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
  /** The same log with fields that stand in every line. */
  child(fields: LogFields): Log
}

/** `error` is printed with its code, message and cause. */
export type LogFields = Readonly<Record<string, unknown>> & { readonly error?: unknown }

export interface LogOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  /** Stands in every line. */
  readonly role?: string
  /** Default: standard error. */
  readonly write?: (line: string) => void
}

export function createLog(options: LogOptions): Log {
  const { write } = options
  return pino(
    {
      level: options.level,
      base: options.role === undefined ? null : { role: options.role },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: describe },
    },
    // Standard error is written at once: the last lines before a crash are the ones that are needed.
    write === undefined ? pino.destination({ fd: 2, sync: true }) : { write },
  )
}

/** For tests and tools that want silence. */
export const silentLog: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLog,
}

const CAUSES_MAX = 4

function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : { message: String(error) }
  const code = (error as { code?: unknown }).code
  return {
    name: error.name,
    ...(code === undefined ? {} : { code: String(code) }),
    message: error.message,
    // The stack of an expected failure says nothing that its code does not.
    ...(error.name === 'ServiceError' ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: describe(error.cause, depth + 1) }),
  }
}
