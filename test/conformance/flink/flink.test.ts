import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { conformanceFolder, readCases } from './corpus.ts'
import { runDirect } from './direct.ts'
import { differences } from './outcome.ts'
import { runProduct } from './product.ts'
import { answered } from './quirks.ts'

const folder = conformanceFolder()
if (folder === undefined)
  console.log(
    'The foreign conformance cases are not on this machine (SEQUITUR_CONFORMANCE names their folder).',
  )
const casesOf = (file: string): ReturnType<typeof readCases> =>
  folder === undefined ? [] : readCases(join(folder, 'flink', file))

/** Answered differently on purpose; docs/spec/semantics.md gives the reason for each. */
const ON_PURPOSE = [
  'flink/CEPOperatorTest/testCEPOperatorCleanupProcessingTime',
  'flink/NotPatternITCase/testNotFollowedByWithinAtEndAfterMatch',
  'flink/TimesRangeITCase/testTimesRangeNotStrictWithFollowedByAny[gap=3ms]',
]

describe.skipIf(folder === undefined)('foreign cases', () => {
  test.each(['corpus.json', 'generated.json'])('%s, straight and restored after every operation', (file) => {
    for (const restoreAlways of [false, true]) {
      const failed = casesOf(file).filter(
        (source) => differences(source, runProduct(source, { restoreAlways })).length > 0,
      )
      expect(failed.map((source) => source.id)).toEqual(file === 'corpus.json' ? ON_PURPOSE : [])
    }
  })

  test('the matcher alone finds the same', () => {
    const failed = casesOf('generated.json').filter(
      (source) => differences(source, runDirect(source)).length > 0,
    )
    expect(failed.map((source) => source.id)).toEqual([])
  })

  test.each(casesOf('quirks.json').map((source) => [source.id, source] as const))('%s', (_, source) => {
    const { expected, refused } = answered(source)
    const outcome = runProduct(source)
    expect(differences(expected, outcome)).toEqual([])
    if (refused !== undefined) expect(outcome).toMatchObject({ why: expect.stringContaining(refused) })
  })
})
