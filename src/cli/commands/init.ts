import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { shortPath } from '../rules/find-rule-files.ts'
import { COMPOSE, EDITOR_SETTINGS, FIRST_RULE, SERVICE_CONFIG } from './init/starter.ts'

/** `sequitur init [DIR]`: a folder to begin with. What is there already stays as it is. */
export async function init({ terminal }: CommandContext, folder: string): Promise<ExitCode> {
  const schema = readFileSync(new URL('../../../schemas/rule.v1.schema.json', import.meta.url), 'utf8')
  const files: ReadonlyArray<readonly [path: string, text: string]> = [
    ['rules/login-after-failures.yaml', FIRST_RULE],
    ['.vscode/settings.json', EDITOR_SETTINGS],
    ['.vscode/rule.v1.schema.json', schema],
    ['sequitur.yaml', SERVICE_CONFIG],
    ['compose.yaml', COMPOSE],
  ]
  for (const [path, text] of files) {
    const file = join(folder, path)
    if (existsSync(file)) {
      terminal.print(`${terminal.style('dim', 'kept   ')}  ${shortPath(file)}`)
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    terminal.print(`${terminal.style('green', 'written')}  ${shortPath(file)}`)
  }
  const rules = shortPath(join(folder, 'rules'))
  const next = [
    [`sequitur test ${rules}`, 'runs the tests in the first rule'],
    [
      folder === '.' ? 'sequitur serve' : `cd ${shortPath(folder)} && sequitur serve`,
      'starts the service in this folder, until Ctrl-C',
    ],
    [`sequitur apply -f ${rules}`, 'sends the rules to it, from another terminal'],
  ] as const
  const width = Math.max(...next.map(([command]) => command.length))
  for (const [index, [command, what]] of next.entries())
    terminal.note(`${index === 0 ? '\nNext:' : '     '}  ${command.padEnd(width)}  ${what}`)
  return EXIT.ok
}
