import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './pages.ts'

/** Folders of `src` down to the areas of each part; what is below them is their own affair. */
function folders(): readonly string[] {
  const parts = childrenOf('src')
  return [...parts, ...parts.flatMap((part) => childrenOf(part))].sort()
}

const childrenOf = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)

test("the map in ARCHITECTURE.md is the code's", () => {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  const mapped = [...text.matchAll(/^\| `(src\/[^`]+)` +\| \S.*\|$/gm)].map((row) => row[1])
  expect([...mapped].sort()).toEqual(folders())
})
