import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

export interface CodeBlock {
  readonly language: string
  /** Words behind the language: `run`, `output`, `config`, `file=…`. */
  readonly marks: readonly string[]
  readonly text: string
  readonly line: number
}

export interface Page {
  /** From the project's root. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly CodeBlock[]
}

/** Every page of the project. */
export const PAGES: readonly Page[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
  .sort()
  .map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return { path, text, blocks: blocksOf(text) }
  })

export function blocksOf(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { fence: string; info: string; line: number; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^ {0,3}(`{3,})(.*)$/.exec(line)
    if (open === undefined) {
      if (fence !== null)
        open = { fence: fence[1] ?? '', info: (fence[2] ?? '').trim(), line: index + 1, lines: [] }
      continue
    }
    if (fence !== null && (fence[1] ?? '').length >= open.fence.length && (fence[2] ?? '').trim() === '') {
      const [language = '', ...marks] = open.info.split(/\s+/)
      blocks.push({ language, marks, text: `${open.lines.join('\n')}\n`, line: open.line })
      open = undefined
      continue
    }
    open.lines.push(line)
  }
  return blocks
}

/** The text without its code, in which `[x](y)` is a link. */
export const proseOf = (text: string): string =>
  text.replace(/^ {0,3}(`{3,})[\s\S]*?^ {0,3}\1 *$/gm, '').replace(/`[^`\n]*`/g, '')

/** The anchor that GitHub gives a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
