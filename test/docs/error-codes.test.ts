import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
const documented = [
  ...readFileSync(join(root, 'docs/reference/errors.md'), 'utf8').matchAll(/^\| `([^`]+)` +\|/gm),
].map((row) => row[1] ?? '')

/** Every exported list of strings in a `codes.ts` anywhere under `src`. */
async function codesInSources(): Promise<readonly string[]> {
  const codes: string[] = []
  for (const file of sources.filter((name) => name.endsWith('/codes.ts'))) {
    const exported: Record<string, unknown> = await import(pathToFileURL(join(root, 'src', file)).href)
    for (const list of Object.values(exported)) {
      if (Array.isArray(list)) codes.push(...list.filter((code) => typeof code === 'string'))
    }
  }
  return codes
}

test('every code in the sources is documented, and nothing else', async () => {
  const codes = await codesInSources()
  expect(codes.length).toBeGreaterThan(20)
  expect(documented.filter((code) => !codes.includes(code))).toEqual([])
  expect(codes.filter((code) => !documented.includes(code))).toEqual([])
})

test('the rows are unique', () => {
  expect(documented).toEqual([...new Set(documented)])
})

test('no literal code in the sources is missing from its list', async () => {
  const codes = new Set(await codesInSources())
  const missing: string[] = []
  for (const file of sources.filter((name) => /^engine\/(pattern|rule)\/.*(?<!\.test)\.ts$/.test(name))) {
    const text = readFileSync(join(root, 'src', file), 'utf8')
    for (const [, code = ''] of text.matchAll(
      /\b(?:code: |refuse\(\s*|error\(\s*|warn\(\s*)'([a-z]+(?:-[a-z]+)+)'/g,
    )) {
      if (!codes.has(code)) missing.push(`${file}: ${code}`)
    }
  }
  expect(missing).toEqual([])
})
