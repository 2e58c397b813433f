import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSuite, runCase, type SuiteCase } from './suite.ts'

const folder = process.env.SEQUITUR_CONFORMANCE ?? join(import.meta.dirname, '../../../../shared/conformance')
const file = join(folder, 'jsonata/suite.json')
const present = existsSync(file)

/** What may be refused: what breaks replay, and nothing else. */
const usesRefused = ({ expr }: SuiteCase): boolean => /\$(now|millis|random|shuffle|eval)\b/.test(expr)

test.runIf(present)('the official JSONata suite passes, but for refused functions', () => {
  const suite = readSuite(file)
  const wrong = suite.cases.flatMap((example) => {
    const verdict = runCase(suite, example)
    if (verdict.kind === 'passed' || (verdict.kind === 'refused' && usesRefused(example))) return []
    return [`${example.id}: ${verdict.kind === 'failed' ? verdict.why : verdict.code}`]
  })
  expect(suite.cases.length).toBeGreaterThan(900)
  expect(wrong).toEqual([])
})

test.skipIf(present)(`the official JSONata suite is not at ${file}`, () => {
  console.warn(`not run: ${file} is absent (SEQUITUR_CONFORMANCE names the folder)`)
})
