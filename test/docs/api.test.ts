import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiRows } from '../../scripts/api-table.ts'

test('docs/reference/api.md lists every request as the routes have it (node scripts/api-table.ts prints the table)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/api.md'), 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => /^\| `(GET|PUT|POST|DELETE) /.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  expect(rows).toEqual(apiRows())
})
