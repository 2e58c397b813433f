import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unifiedDiff } from './text-diff.ts'

const diff = (before: string, after: string): string =>
  unifiedDiff({ name: 'a', text: before }, { name: 'b', text: after })

test('two texts that are the same have no diff', () => {
  expect(diff('a\nb\n', 'a\nb\n')).toBe('')
})

test('a change stands between three lines of context', () => {
  const lines = (middle: string): string => `1\n2\n3\n4\n${middle}\n6\n7\n8\n9\n`
  expect(diff(lines('old'), lines('new'))).toBe(
    '--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-old\n+new\n 6\n 7\n 8\n',
  )
})

test('changes that are far apart have hunks of their own', () => {
  const lines = (first: string, last: string): string => `${first}\n${'x\n'.repeat(20)}${last}\n`
  expect(diff(lines('a', 'b'), lines('c', 'd')).match(/^@@/gm)).toHaveLength(2)
})

/** Carries out a unified diff; undefined where it does not fit. */
function patched(text: string, patch: string): string | undefined {
  const result: string[] = []
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  let at = 0
  for (const line of patch.split('\n').slice(2, -1)) {
    const start = /^@@ -(\d+),(\d+)/.exec(line)
    if (start !== null) {
      const from = Number(start[1]) - (start[2] === '0' ? 0 : 1)
      while (at < from) result.push(lines[at++] ?? '')
      continue
    }
    if (line[0] !== '+' && lines[at] !== line.slice(1)) return undefined
    if (line[0] !== '+') at++
    if (line[0] !== '-') result.push(line.slice(1))
  }
  while (at < lines.length) result.push(lines[at++] ?? '')
  return result.map((line) => `${line}\n`).join('')
}

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 25 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''))

test('the one text with the diff is the other, and no shorter diff does it', () => {
  const longestCommon = (one: string, other: string): number => {
    const [a, b] = [one.split('\n').slice(0, -1), other.split('\n').slice(0, -1)]
    let row = new Array<number>(b.length + 1).fill(0)
    for (const line of a) {
      const next = [0]
      for (const [index, each] of b.entries())
        next.push(line === each ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0))
      row = next
    }
    return row.at(-1) ?? 0
  }
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const patch = diff(before, after)
      if (before === after) {
        expect(patch).toBe('')
        return
      }
      expect(patched(before, patch)).toBe(after)
      const changes = patch
        .split('\n')
        .slice(2)
        .filter((line) => /^[-+]/.test(line)).length
      const lines = (text: string): number => text.split('\n').length - 1
      expect(changes).toBe(lines(before) + lines(after) - 2 * longestCommon(before, after))
    }),
    { numRuns: 500 },
  )
})

test('git takes it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-diff-'))
  try {
    const [before, after] = ['1\n2\n3\n4\n5\n6', '1\n2\nx\n4\n5\n6\n7\n']
    writeFileSync(join(folder, 'rule.yaml'), before)
    const patch = unifiedDiff({ name: 'a/rule.yaml', text: before }, { name: 'b/rule.yaml', text: after })
    execFileSync('git', ['apply', '--unsafe-paths', '-'], { cwd: folder, input: patch })
    expect(execFileSync('cat', ['rule.yaml'], { cwd: folder, encoding: 'utf8' })).toBe(after)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('texts that have nothing in common are replaced', () => {
  const text = (word: string): string =>
    Array.from({ length: 3_000 }, (_, index) => `${word} ${index}\n`).join('')
  expect(diff(text('a'), text('b')).split('\n').length).toBe(6_000 + 4)
})
