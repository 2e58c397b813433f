import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta'

/** Where commands write. Standard output is for results, standard error for everything about them. */
export interface Terminal {
  /** Somebody looks at standard output; otherwise a program reads it. */
  readonly isInteractive: boolean
  /** Characters in a line. */
  readonly width: number
  /** One or more lines of the result. */
  print(text: string): void
  /** One or more lines beside the result. */
  note(text: string): void
  /** Colours the text where colours are wanted. */
  style(style: Style | readonly Style[], text: string): string
}

const WIDTH_DEFAULT = 100

/** The process's own streams. Colours only on a terminal, and not where NO_COLOR is set. */
export function processTerminal(environment: NodeJS.ProcessEnv = process.env): Terminal {
  const isInteractive = process.stdout.isTTY === true
  const wantsColour =
    isInteractive && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb'
  // A reader that has seen enough (`| head`) is no fault of ours.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit()
      throw error
    })
  return {
    isInteractive,
    width: process.stdout.columns ?? WIDTH_DEFAULT,
    print: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    style: (style, text) =>
      wantsColour
        ? styleText(style as Parameters<typeof styleText>[0], text, { validateStream: false })
        : text,
  }
}
