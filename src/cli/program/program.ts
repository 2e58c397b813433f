import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-code.ts'
import { addAlertCommands } from './alerts.ts'
import { areaOf } from './area.ts'
import { addFileCommands } from './files.ts'
import { addGovernanceCommands } from './governance.ts'
import { addRuleCommands } from './rules.ts'
import { addStartCommands } from './start.ts'

export interface ProgramOptions {
  readonly context: CommandContext
  readonly ended: (exitCode: ExitCode) => void
}

/** All commands, in the groups that `--help` shows. */
export function createProgram({ context, ended }: ProgramOptions): Command {
  const program = new Command('sequitur')
    .description(
      'Complex event processing rules as a service: patterns in YAML, matched over NATS JetStream.',
    )
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.print(text.trimEnd()),
      writeErr: (text) => context.terminal.note(text.trimEnd()),
      getOutHelpWidth: () => Math.min(context.terminal.width, 110),
    })
    .configureHelp({ showGlobalOptions: true })
  const area = areaOf(program, context, ended)
  program.commandsGroup('Start:')
  addStartCommands(area)
  program.commandsGroup('Write and try rules:')
  addFileCommands(area)
  program.commandsGroup('Rules of a service:')
  addRuleCommands(area)
  program.commandsGroup('Alerts:')
  addAlertCommands(area)
  program.commandsGroup('Lists, approval, erasure, audit:')
  addGovernanceCommands(area)
  // Last: the commands before it keep their own.
  program.addHelpCommand(
    new Command('help').argument('[command]').description('Say how a command is used').helpGroup('Start:'),
  )
  pointToHelp(program, 'sequitur')
  return program
}

/** What is wrong with a command line is said with the command whose help says what is right. */
function pointToHelp(command: Command, path: string): void {
  const what = command.commands.length === 0 ? 'says how it is used' : 'lists the commands'
  command.showHelpAfterError(`(${path} --help ${what})`)
  for (const each of command.commands) pointToHelp(each, `${path} ${each.name()}`)
}

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version
