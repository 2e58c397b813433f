import type { Terminal } from '../../src/cli/terminal/terminal.ts'

export interface Recorder extends Terminal {
  printed(): string
  noted(): string
}

/** A terminal that remembers; styles are shown as `<red>text</red>` on an interactive one. */
export function recorder(
  options: { readonly isInteractive?: boolean; readonly width?: number } = {},
): Recorder {
  const isInteractive = options.isInteractive === true
  const printed: string[] = []
  const noted: string[] = []
  return {
    isInteractive,
    width: options.width ?? 100,
    print: (text) => void printed.push(`${text}\n`),
    note: (text) => void noted.push(`${text}\n`),
    style: (style, text) => (isInteractive ? `<${[style].flat().join(' ')}>${text}</>` : text),
    printed: () => printed.join(''),
    noted: () => noted.join(''),
  }
}
