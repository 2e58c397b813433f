import { printable } from './printable.ts'
import type { Style, Terminal } from './terminal.ts'

export const OUTPUT_FORMATS = ['table', 'json', 'ndjson', 'yaml'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number | undefined
  readonly style?: (row: Row) => Style | undefined
  readonly align?: 'left' | 'right'
}

/** Tables for people, one JSON object a line for programs, unless the caller says otherwise. */
export const formatOf = (terminal: Terminal, wanted: OutputFormat | undefined): OutputFormat =>
  wanted ?? (terminal.isInteractive ? 'table' : 'ndjson')

/** Prints a list in the format wanted; the columns are for tables alone. */
export async function printRows<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  options: { readonly format: OutputFormat; readonly columns: readonly Column<Row>[]; readonly none: string },
): Promise<void> {
  switch (options.format) {
    case 'table':
      if (rows.length === 0) terminal.note(options.none)
      else terminal.print(table(terminal, rows, options.columns))
      return
    case 'json':
      terminal.print(JSON.stringify(rows, null, 2))
      return
    case 'ndjson':
      for (const row of rows) terminal.print(JSON.stringify(row))
      return
    case 'yaml':
      terminal.print(await yamlText(rows))
      return
    default:
      options.format satisfies never
  }
}

/** Prints one thing as data. */
export async function printValue(terminal: Terminal, value: unknown, format: OutputFormat): Promise<void> {
  if (format === 'yaml') terminal.print(await yamlText(value))
  else terminal.print(JSON.stringify(value, null, format === 'ndjson' ? undefined : 2))
}

/** Rows under their titles, as wide as they must be; only the last column is cut at the edge of the terminal. */
export function table<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): string {
  const cells = rows.map((row) => columns.map(({ value }) => printable(String(value(row) ?? ''))))
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  )
  const lastWidth = Math.max(
    20,
    terminal.width - widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0),
  )
  const pad = (text: string, index: number): string => {
    if (index === columns.length - 1 && columns[index]?.align !== 'right')
      return terminal.isInteractive && text.length > lastWidth ? `${text.slice(0, lastWidth - 1)}…` : text
    return columns[index]?.align === 'right'
      ? text.padStart(widths[index] ?? 0)
      : text.padEnd(widths[index] ?? 0)
  }
  const head = columns.map(({ title }, index) => terminal.style('dim', pad(title, index))).join('  ')
  const lines = cells.map((line, rowIndex) =>
    line
      .map((text, index) => {
        const row = rows[rowIndex]
        const style = row === undefined ? undefined : columns[index]?.style?.(row)
        return style === undefined ? pad(text, index) : terminal.style(style, pad(text, index))
      })
      .join('  ')
      .trimEnd(),
  )
  return [head.trimEnd(), ...lines].join('\n')
}

async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(value, { aliasDuplicateObjects: false }).trimEnd()
}
