import { describe, expect, test } from 'vitest'
import { compareRules } from './compare-rules.ts'
import { readRules } from './read-rules.ts'
import { setField } from './set-field.ts'

const BASE = {
  rule: 'r',
  title: 'T',
  by: 'x',
  events: { a: 'demo.a where n > 1', b: 'demo.b' },
  pattern: 'a followed by b within 5 minutes',
}
const rule = (change: object) => {
  const read = readRules(JSON.stringify({ ...BASE, ...change }), { format: 'json' })
  const [definition] = read.ok ? read.value : []
  if (!definition) throw new Error(read.problems.map(({ message }) => message).join('\n'))
  return definition
}

describe('what a change does to partial matches', () => {
  test.each<readonly [object, readonly string[]]>([
    [{}, []],
    [{ title: 'U' }, ['title']],
    [{ severity: 'low', tags: ['x'], owner: 'o' }, ['severity', 'owner', 'tags']],
    [{ status: 'live' }, ['status']],
    [{ suppress: { for: '1h' } }, ['suppress']],
    [{ except: [{ name: 'n', when: 'x' }] }, ['except']],
    [{ alert: { message: 'm', evidence: { n: '1' } } }, ['alert']],
    [{ tests: [{ name: 't', events: [], expect: 'none' }] }, ['tests']],
    [{ limits: { partialMatchesMax: 5 } }, ['limits']],
    [{ events: { a: 'demo.a where  n >  1', b: 'demo.b' } }, []],
    [{ pattern: 'a followed by b within 300 seconds' }, []],
    [
      {
        pattern: {
          steps: [
            { kind: 'event', events: ['a'] },
            { kind: 'event', events: ['b'] },
          ],
          withinMs: 300_000,
        },
      },
      [],
    ],
  ])('%j keeps them', (change, fields) => {
    const compared = compareRules(rule({}), rule(change))
    expect(compared.changes.map(({ field }) => field)).toEqual(fields)
    expect(compared.keepsPartialMatches).toBe(true)
  })

  test.each<readonly [object, string]>([
    [{ by: 'y' }, 'by'],
    [{ events: { a: 'demo.a where n > 2', b: 'demo.b' } }, 'events'],
    [{ events: { b: 'demo.b', a: 'demo.a where n > 1' } }, 'events'],
    [{ pattern: 'a followed by b within 6 minutes' }, 'pattern'],
    [{ having: '$a.n > 2' }, 'having'],
    [{ afterMatch: 'no-skip' }, 'afterMatch'],
    [{ onTimeout: { message: 'm' } }, 'onTimeout'],
  ])('%j drops them', (change, field) => {
    const compared = compareRules(rule({}), rule(change))
    expect(compared.keepsPartialMatches).toBe(false)
    expect(compared.why).toContain(`\`${field}\``)
  })

  test('the text of a timeout alert may change', () => {
    const compared = compareRules(
      rule({ onTimeout: { message: 'm' } }),
      rule({ onTimeout: { message: 'n' } }),
    )
    expect(compared.keepsPartialMatches).toBe(true)
  })
})

const YAML = `# why this rule is there
rule: r   # the id
status: shadow          # since May
by: x

events:
  a:   demo.a    # aligned by hand
pattern: a
suppress: { for: 5m }   # short
`

describe('one field of a YAML text', () => {
  const changed = (path: readonly string[], value: string | number | boolean): string => {
    const result = setField(YAML, path, value)
    return result.ok ? result.value : result.problems.map(({ message }) => message).join('\n')
  }

  test('is changed in place', () => {
    expect(changed(['status'], 'live')).toBe(YAML.replace('shadow ', 'live '))
    expect(changed(['suppress', 'for'], '1 day')).toBe(YAML.replace('5m', '1 day'))
  })

  test('is quoted where it must be', () => {
    expect(changed(['status'], 'on # off')).toContain('status: "on # off"          # since May')
  })

  test('is added behind the first key', () => {
    expect(changed(['severity'], 'high')).toBe(YAML.replace('# the id\n', '# the id\nseverity: high\n'))
    expect(changed(['events', 'b'], 'demo.b')).toBe(YAML.replace('by hand\n', 'by hand\n  b: demo.b\n'))
  })

  test('is not changed in a text that is not safe to read', () => {
    expect(setField('a: &x 1\nb: *x\n', ['a'], 2).problems.map(({ code }) => code)).toContain('yaml-alias')
    expect(setField('a: 1\n---\nb: 2\n', ['a'], 2).ok).toBe(false)
  })
})
