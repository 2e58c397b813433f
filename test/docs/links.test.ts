import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { anchorOf, PAGES, proseOf, ROOT } from './pages.ts'

/** Pages that others point at before they are written. */
const PLANNED: readonly string[] = ['docs/reference/expressions.md']

const anchorsIn = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

test.each(PAGES)('$path: links lead somewhere', ({ path, text }) => {
  const broken: string[] = []
  for (const [, target = ''] of proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(https?:|mailto:)/.test(target)) continue
    const [relative = '', anchor] = target.split('#', 2)
    const file = relative === '' ? join(ROOT, path) : join(ROOT, dirname(path), relative)
    const isThere = existsSync(file)
    if (!isThere && PLANNED.some((page) => join(ROOT, page) === file)) continue
    if (!isThere || (anchor !== undefined && statSync(file).isFile() && !anchorsIn(file).includes(anchor)))
      broken.push(target)
  }
  expect(broken).toEqual([])
})
