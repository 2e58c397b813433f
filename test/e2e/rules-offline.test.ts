import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../src/cli/run-cli.ts'
import { ROOT, sequitur, startSequitur, temporaryFolder } from '../support/processes.ts'
import { recorder } from '../support/recorder.ts'

const HELLO = `rule: hello
status: live
by: user
events:
  A: demo.a
  B: demo.b
pattern: A followed by B within 5 minutes
tests:
  - name: one after the other
    with: { user: ada }
    events:
      - { at: 0s, subject: demo.a }
      - { at: 1m, subject: demo.b }
    expect: { at: 1m }
`

const BROKEN = `rule: broken
by: user
events:
  A: demo.a
  B: demo.b
pattern: A folowed by B within 5 minutes
statsu: live
`

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

test('the packs pass all their tests, three ways', async () => {
  const { code, stdout, stderr } = await sequitur(['test', 'rules/'])
  expect(code).toBe(0)
  expect(stderr).toMatch(/12 rules, 90 tests, 90 passed in [\d.]+ s/)
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows).toHaveLength(90)
  expect(rows.every(({ passed }) => passed)).toBe(true)
})

test('a test that fails says what differs and why, in every format, with exit code 1', async () => {
  const cwd = folderWith({ 'rules/hello.yaml': HELLO.replace('expect: { at: 1m }', 'expect: none') })
  const people = await sequitur(['test', 'rules', '-o', 'table'], { cwd })
  expect(people.code).toBe(1)
  expect(people.stdout).toContain('rules/hello.yaml  0 passed, 1 failed')
  expect(people.stdout).toMatch(/✗ one after the other +rules\/hello.yaml:9/)
  expect(people.stdout).toMatch(/expected {2}no alert\n +got {7}1 alert at 1m/)
  const junit = await sequitur(['test', 'rules', '-o', 'junit'], { cwd })
  expect(junit.code).toBe(1)
  expect(junit.stdout).toMatch(/<testsuites name="sequitur" tests="1" failures="1"/)
  expect(junit.stdout).toContain('<failure message="expected no alert, got 1 alert at 1m">')
  const json = await sequitur(['test', 'rules', '-o', 'json'], { cwd })
  expect(JSON.parse(json.stdout)).toMatchObject({ passed: 0, failed: 1 })
})

test('check names every problem with place, code, caret and fix, with exit code 2', async () => {
  const cwd = folderWith({
    'hello.yaml': HELLO,
    'broken.yaml': BROKEN,
    'expression.yaml': HELLO.replace('A: demo.a', 'A: demo.a where outcome == "failure"').replace(
      ': hello',
      ': other',
    ),
    'compose.yaml': 'services: {}\n',
  })
  const people = await sequitur(['check', '.', '-o', 'table'], { cwd })
  expect(people.code).toBe(2)
  expect(people.stderr).toMatch(/^expression\.yaml:5:\d+ {2}error [a-z-]+: /m)
  expect(people.stderr).toMatch(/^broken\.yaml:6:\d+ {2}error [a-z-]+: /m)
  expect(people.stderr).toMatch(/^broken\.yaml:7:\d+ {2}error unknown-key: /m)
  expect(people.stderr).toMatch(/^ +\^+$/m)
  expect(people.stderr).toMatch(/ {2}fix: .*followed/)
  expect(people.stderr).toContain('(1 other file skipped)')
  expect(people.stdout + people.stderr).not.toContain('\u001b')
  const piped = await sequitur(['check', 'broken.yaml'], { cwd })
  const rows = piped.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map(({ line }) => line)).toEqual([6, 7])
  expect((await sequitur(['check', 'hello.yaml'], { cwd })).code).toBe(0)
  expect((await sequitur(['test', '.'], { cwd })).code).toBe(2)
})

test('one id in two files is a problem of the second', async () => {
  const cwd = folderWith({ 'one.yaml': HELLO, 'two.yaml': HELLO })
  const { code, stderr } = await sequitur(['check', '.', '-o', 'table'], { cwd })
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('two.yaml  error duplicate-rule: The rule `hello` is also in one.yaml'),
  ])
})

test('what is not there or not asked properly has its own exit codes', async () => {
  const cwd = folderWith({ 'empty/note.txt': '' })
  const cases: ReadonlyArray<readonly [words: readonly string[], code: number, says: string]> = [
    [['check', 'CWD/nothing.yaml'], 3, 'file-not-found: there is no file or folder '],
    [['test', 'CWD/empty'], 3, 'no-rule-files'],
    [['test', '--watch', 'CWD/nothing.yaml'], 3, 'file-not-found'],
    [['chek', 'x'], 2, 'Did you mean check?'],
    [['test'], 2, "missing required argument 'paths'"],
    [['test', '-o', 'xml', 'x'], 2, 'Allowed choices are'],
    [['get', 'alerts', '-n', 'many'], 2, 'whole number'],
    [['get', 'rules', '--server', 'ftp://x'], 2, 'bad-option'],
    [
      ['get', 'rules', '--server', 'http://127.0.0.1:1'],
      1,
      'server-unreachable: no Sequitur service answers',
    ],
    [['serve', '--port', 'many'], 2, 'config-wrong-type'],
    [['serve', '--config', 'CWD/missing.yaml'], 2, 'config-unreadable'],
    [['demo', '--for', 'ever'], 2, 'bad-option'],
    [['demo', '--rate', '0'], 2, 'bad-option'],
  ]
  for (const [words, code, says] of cases) {
    const terminal = recorder()
    const ended = await runCli(
      words.map((word) => word.replace('CWD', cwd)),
      terminal,
    )
    expect([words.join(' '), ended, terminal.printed()]).toEqual([words.join(' '), code, ''])
    expect(terminal.noted()).toContain(says)
    expect(terminal.noted()).not.toMatch(/ {4}at .*\.[jt]s:\d/)
  }
})

test('explain reads a rule back', async () => {
  const { code, stdout } = await sequitur(['explain', 'rules/fraud/card-testing.yaml'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/For each card_id, alert \(high\) when/)
  expect(stdout).toMatch(/1\. at least 5 times: declines/)
  expect(stdout).toContain('Automaton:')
})

test('init writes a folder whose rule passes, and overwrites nothing', async () => {
  const cwd = temporaryFolder()
  const first = await sequitur(['init', 'fraud'], { cwd })
  expect(first.code).toBe(0)
  expect((await sequitur(['test', 'fraud/rules'], { cwd })).stderr).toContain('1 rule, 2 tests, 2 passed')
  expect((await sequitur(['check', 'fraud'], { cwd })).code).toBe(0)
  const printed = await sequitur(['serve', '--print-config'], { cwd: join(cwd, 'fraud') })
  expect([printed.code, printed.stderr]).toEqual([0, ''])
  writeFileSync(join(cwd, 'fraud/sequitur.yaml'), 'dataDir: mine\n')
  expect((await sequitur(['init', 'fraud'], { cwd })).stdout).toMatch(/kept +fraud\/sequitur.yaml/)
  expect(readFileSync(join(cwd, 'fraud/sequitur.yaml'), 'utf8')).toBe('dataDir: mine\n')
})

test('test --watch runs again after a change', async () => {
  const cwd = folderWith({ 'hello.yaml': HELLO })
  const watching = startSequitur(['test', '--watch', '.', '-o', 'table'], { cwd })
  await watching.until(/Watching/)
  writeFileSync(join(cwd, 'hello.yaml'), HELLO.replace('expect: { at: 1m }', 'expect: none'))
  await watching.until(/1 failed/)
  expect((await watching.stop('SIGINT')).code).toBe(0)
})

test('the help lists every command', async () => {
  const terminal = recorder()
  expect(await runCli(['--help'], terminal)).toBe(0)
  const stdout = terminal.printed()
  for (const command of [
    'serve',
    'api',
    'worker',
    'demo',
    'check',
    'test',
    'explain',
    'init',
    'apply',
    'get',
    'delete',
    'tail',
    'completion',
  ])
    expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect((await sequitur(['--version'])).stdout).toBe(`${version}\n`)
})
