import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linearRegex } from './engine.ts'

/** Regular expressions that need RE2, and what the host's own engine says of them. */
const SOURCES: readonly string[] = [
  'a.*b',
  '^.+b$',
  'a\\s+b.*c',
  '\\s*x\\s*$',
  '[^\\d\\s]+x*',
  '(a|ab)(c|bcd)+',
  '(?:\\w+\\s?)+$',
  'a*?b',
  'x{,3}a*b',
  '[[:alpha:]]+b',
  '\\pL+a',
  '\\Aab*',
  'a*b\\z',
  '\\a+b',
  '\\101+b',
  '[\\W_]+',
  'k+.*',
  'ſ+x*',
  'σ+x*',
  '[a-c]+[^]*[x-z]',
  '[]*a+',
  '\\cJ+a*',
  '[\\b-]+a*',
  '.*a.+b.*',
  'power.*shell\\.exe$',
]

const LETTERS = [
  ...'abcxyz019 _-{}[]:.,AKXk',
  '\n',
  '\r',
  '\t',
  '\b',
  '\u00a0',
  '\u2028',
  '\ufeff',
  'ſ',
  'ς',
  'Σ',
  '\u212a',
  'power',
  'shell.exe',
]
const text = fc.array(fc.constantFrom(...LETTERS), { maxLength: 12 }).map((parts) => parts.join(''))

test.each(SOURCES)('/%s/ finds what the host finds', (source) => {
  for (const flags of ['', 'i']) {
    const ours = linearRegex(source, flags)
    if (ours === undefined) throw new Error(`/${source}/ must be accepted`)
    const host = new RegExp(source, flags)
    fc.assert(
      fc.property(text, (sample) => {
        const wanted = host.exec(sample)
        expect(ours.test(sample)).toBe(wanted !== null)
        const found = ours.find(sample, 0)
        expect(found === undefined ? null : [found.start, found.text]).toEqual(
          wanted === null ? null : [wanted.index, wanted[0]],
        )
      }),
      { numRuns: 150 },
    )
  }
})

test.each(['(?=a)', '(?!a)', '(?<=a)b', '(a)\\1', '(?<n>a)\\k<n>', `${'a?'.repeat(600)}`])(
  '/%s/ is refused',
  (source) => expect(linearRegex(source, '')).toBeUndefined(),
)

test('a reference to a group that does not exist is the character of that number, as the host has it', () => {
  expect(linearRegex('a*\\1', '')?.test('\u0001')).toBe(true)
})
