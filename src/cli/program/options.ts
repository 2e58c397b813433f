import { type Command, InvalidArgumentError, Option } from 'commander'
import { OUTPUT_FORMATS } from '../terminal/output.ts'

/** Options that several commands have. Each function adds some to a command and gives it back. */

export const printing = (command: Command, ...more: readonly string[]): Command =>
  command.addOption(
    new Option('-o, --output <format>', 'default: table on a terminal, ndjson in a pipe').choices([
      ...OUTPUT_FORMATS,
      ...more,
    ]),
  )

/** It asks a service. */
export const asking = (command: Command): Command =>
  printing(command).addOption(
    new Option('-s, --server <url>', 'the service (default: SEQUITUR_URL, else http://127.0.0.1:8080)'),
  )

/** It changes something that has versions. */
export const changing = (command: Command): Command =>
  asking(
    command
      .option('--dry-run', 'say what would change, store nothing')
      .option('--reason <text>', 'why; kept with the version'),
  )

/** It changes a rule, which others may manage or have to approve. */
export const changingRule = (command: Command): Command =>
  changing(
    command
      .option('--managed-by <place>', 'where the text is kept, for example git:example.org/rules@4f2a91c')
      .option('--force', 'also what another place manages')
      .option('--break-glass', 'do without approval, as an operator and with --reason'),
  )

export const partialMatches = (command: Command): Command =>
  command.addOption(
    new Option(
      '--partial-matches <mode>',
      'of the version before: go on under the new one, be finished by the old one, or be given up (default: keep where that is possible, else drop)',
    ).choices(['keep', 'drain', 'drop']),
  )

/** Rules are named as arguments, after `--file`, or both: the command gets all as its first argument. */
export const ruleFiles = (command: Command, description: string): Command =>
  command
    .argument('[paths...]', description)
    .option('-f, --file <path>', 'file or folder; may be repeated', collect, [])
    .hook('preAction', (_, called) => {
      const all = [...called.opts<{ file: readonly string[] }>().file, ...(called.args as readonly string[])]
      if (all.length === 0)
        called.error(`error: name the rules, for example 'sequitur ${called.name()} -f rules/'`)
      called.processedArgs[0] = all
    })

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical']
const MODES = ['live', 'shadow', 'withheld']

export const severity = (flags: string, description: string): Option =>
  new Option(flags, description).choices(SEVERITIES)

export const alertFilters = (command: Command): Command =>
  command
    .option('--rule <id>', 'only of this rule')
    .addOption(severity('--severity <severity>', 'only of this severity'))
    .option('--key <key>', 'only of this key')
    .addOption(new Option('--mode <mode>', 'raised, raised in shadow, or kept back').choices(MODES))

export const state = (...states: readonly string[]): Option =>
  new Option('--state <state>', 'only in this state').choices(states)

/** Commander's own complaint about a value that is no count. */
export function countOf(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text
  throw new InvalidArgumentError('It takes a whole number from 1.')
}

export function idOf(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(text)) return text
  throw new InvalidArgumentError('It takes small letters, digits and hyphens.')
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]
