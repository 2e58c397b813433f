import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type AfterMatch, formatProblem, mentionedNames, parseSentence } from '../../src/engine/index.ts'
import { outcomeOfPattern } from '../conformance/notation.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/coming-from.md'), 'utf8')

const texts = (cell: string): string[] => [...cell.matchAll(/`([^`]*)`/g)].map((found) => found[1] ?? '')

/** The examples: a sentence, perhaps with its after-match strategy, a history, and what it finds. */
const examples = page
  .split('\n')
  .filter((line) => line.startsWith('|') && line.includes('→'))
  .map((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))
    const [history = '', found = ''] = (cells.at(-1) ?? '').split('→')
    const [sentence = '', option = 'afterMatch: skip-past-last-event'] = texts(cells.at(-2) ?? '')
    return {
      sentence,
      kind: option.replace('afterMatch: ', ''),
      history: texts(history)[0] ?? '',
      found: texts(found),
    }
  })

const STRATEGIES: Record<string, AfterMatch> = {
  'no-skip': { kind: 'no-skip' },
  'skip-to-next': { kind: 'skip-to-next' },
  'skip-past-last-event': { kind: 'skip-past-last-event' },
}

test('there are examples', () => {
  expect(examples.length).toBeGreaterThan(40)
})

test.each(examples)('$sentence | $history', ({ sentence, kind, history, found }) => {
  const read = parseSentence(sentence)
  expect(read.problems.map(formatProblem)).toEqual([])
  if (!read.ok) return
  const afterMatch = STRATEGIES[kind] ?? { kind: 'no-skip' }
  const shorthand = { pattern: read.value, afterMatch, names: [...mentionedNames(read.value)], having: false }
  const out = outcomeOfPattern(shorthand, history).filter((text) => !text.startsWith('timeout '))
  expect(out).toEqual(found)
})
