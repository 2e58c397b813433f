import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configurationRows } from '../../scripts/configuration-table.ts'
import { loadConfig } from '../../src/service/config/index.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/configuration.md'), 'utf8')

test('the page lists every setting as the schema has it (node scripts/configuration-table.ts prints the table)', () => {
  const rows = page
    .slice(page.indexOf('## All settings'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  expect(rows).toEqual(configurationRows())
})

test('every setting says what it means', () => {
  for (const [key, , , meaning] of configurationRows()) expect(meaning, key).not.toBe('')
})

test('the example is a configuration', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-docs-'))
  writeFileSync(join(folder, 'sequitur.yaml'), example)
  const config = loadConfig({ workingFolder: folder, environment: {} })
  rmSync(folder, { recursive: true })
  expect(config.ok ? [] : config.problems).toEqual([])
  expect(config.ok && config.value.sources[0]).toMatchObject({ timestamp: 'occurred_at', latenessMs: 30_000 })
})
