import { parseDuration } from '../engine/index.ts'
import { CliError } from './cli-error.ts'
import { EXIT } from './exit-code.ts'

/** A whole number from the command line, or undefined when the option was not given. */
export function numberOption(
  name: string,
  text: string | undefined,
  limits: { readonly low: number; readonly high: number },
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= limits.low && value <= limits.high) return value
  throw new CliError(
    'bad-option',
    `${name} ${text} is not a whole number from ${limits.low} to ${limits.high}`,
    {
      exitCode: EXIT.usage,
    },
  )
}

/** A length of time from the command line, in milliseconds. */
export function durationOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (duration !== undefined) return duration
  throw new CliError('bad-option', `${name} ${text} is no length of time`, {
    exitCode: EXIT.usage,
    hint: 'for example 30s, 5m or 1h30m',
  })
}
