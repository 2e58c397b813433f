import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { compileRule, formatProblem, readRules, runRuleTests } from '../../src/engine/index.ts'
import { loadConfig } from '../../src/service/index.ts'
import { type CodeBlock, PAGES } from './pages.ts'

/** What a block may be, and what is wrong with it. */
const CHECKS: Readonly<Record<string, (block: CodeBlock) => readonly string[]>> = {
  yaml: ({ text, marks }) => {
    if (marks.includes('fragment')) return []
    if (marks.includes('config')) return configTrouble(text)
    const documents = parseAllDocuments(text)
    const wrong = documents.flatMap(({ errors }) => errors.map(({ message }) => message))
    if (wrong.length > 0 || !/^rule:/m.test(text)) return wrong
    return ruleTrouble(text)
  },
  json: ({ text }) => thrownBy(() => JSON.parse(text)),
  sh: ({ text }) => thrownBy(() => execFileSync('bash', ['-n'], { input: text, stdio: 'pipe' })),
  ts: ({ text }) => thrownBy(() => stripTypeScriptTypes(text)),
  js: ({ text }) => thrownBy(() => stripTypeScriptTypes(text)),
  python: ({ text }) =>
    whereThereIs(() =>
      execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
        input: text,
        stdio: 'pipe',
      }),
    ),
  go: ({ text }) => {
    const count = (character: string): number => text.split(character).length - 1
    if (count('{') !== count('}') || count('(') !== count(')')) return ['brackets do not match']
    return whereThereIs(() => {
      const formatted = execFileSync('gofmt', [], { input: text, stdio: 'pipe', encoding: 'utf8' })
      if (formatted !== text) throw new Error(`gofmt would write:\n${formatted}`)
    })
  },
  // Text and grammars are looked at by people; `text output` is compared where the page is run.
  text: () => [],
  ebnf: () => [],
  jsonata: () => [],
}

const thrownBy = (run: () => unknown): readonly string[] => {
  try {
    run()
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/** Not every machine has the program. */
const whereThereIs = (run: () => unknown): readonly string[] =>
  thrownBy(run).filter((message) => !message.includes('ENOENT'))

function ruleTrouble(text: string): readonly string[] {
  const read = readRules(text)
  if (!read.ok) return read.problems.map(formatProblem)
  return read.value.flatMap((definition) => {
    const compiled = compileRule(definition, { version: 1 })
    if (!compiled.ok) return compiled.problems.map(formatProblem)
    const [report] = runRuleTests([compiled.value]).rules
    return (report?.tests ?? [])
      .filter(({ passed }) => !passed)
      .map(({ name, failure }) => `${name}: ${JSON.stringify(failure)}`)
  })
}

function configTrouble(text: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-docs-'))
  try {
    writeFileSync(join(folder, 'sequitur.yaml'), text)
    const config = loadConfig({ environment: {}, workingFolder: folder })
    return config.ok ? [] : config.problems.map(formatProblem)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const pages = PAGES.filter(({ blocks }) => blocks.length > 0)

test('there are pages with code', () => {
  expect(pages.length).toBeGreaterThan(8)
})

test.each(pages)('$path: every block is what it says', ({ blocks }) => {
  const troubles = blocks.flatMap((block) => {
    const check = CHECKS[block.language]
    const found = check === undefined ? [`no check for a block of '${block.language}'`] : check(block)
    return found.map((trouble) => `line ${block.line}: ${trouble}`)
  })
  expect(troubles).toEqual([])
})
