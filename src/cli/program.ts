import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ApplyOptions } from './commands/apply.ts'
import type { ChangeOptions, StepOptions } from './commands/candidate.ts'
import type { DiffOptions } from './commands/diff.ts'
import type { EraseOptions } from './commands/erase.ts'
import type { KeyOptions } from './commands/key.ts'
import type { SilenceOptions } from './commands/silence.ts'
import type { WebhookSetOptions } from './commands/webhook.ts'
import type { CommandContext } from './context.ts'
import type { ExitCode } from './exit-code.ts'
import { OUTPUT_FORMATS } from './terminal/output.ts'

export interface ProgramOptions {
  readonly context: CommandContext
  readonly ended: (exitCode: ExitCode) => void
}

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical']
const ROLES = ['viewer', 'producer', 'author', 'approver', 'operator']
const MODES = ['live', 'shadow', 'withheld']

/** All commands. What a command needs is loaded when it runs, so that `--help` is there at once. */
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
    .showHelpAfterError('(sequitur --help lists the commands)')
    .configureHelp({ showGlobalOptions: true })

  const runs =
    <Arguments extends readonly unknown[]>(run: (...values: Arguments) => Promise<ExitCode>) =>
    async (...values: unknown[]): Promise<void> =>
      // Commander puts the command itself behind arguments and options.
      ended(await run(...(values as unknown as Arguments)))

  const service = (role: 'serve' | 'api' | 'worker', summary: string): Command =>
    program
      .command(role)
      .summary(summary)
      .description(`${summary}. Settings: sequitur.yaml, SEQUITUR_… variables, and these options, which win.`)
      .option('-c, --config <file>', 'configuration file (default: sequitur.yaml, when there is one)')
      .option('-p, --port <port>', 'port to listen on; 0 takes a free one')
      .option('--host <address>', 'address to listen on; others than this machine need API keys')
      .option('--data-dir <folder>', 'folder of checkpoints and of the embedded broker')
      .option('--nats <url>', 'an existing NATS')
      .option('--print-config', 'print the configuration in force, secrets hidden, and end')
      .action(
        runs(async (options: object) =>
          (await import('./commands/serve.ts')).runRole(context, role, options),
        ),
      )
  service('serve', 'Run API, worker and, where no NATS is configured, a broker')
  service('api', 'Run the API alone')
  service('worker', 'Run a worker alone')

  program
    .command('demo')
    .summary('See it work: broker, service, sample events, alerts')
    .description(
      'Starts everything on this machine, publishes sample events with fraud woven in, and prints the alerts.',
    )
    .option('--seed <text>', 'same seed, same story')
    .option('--rate <events>', 'events per second (default: 100)')
    .option('-p, --port <port>', 'port of the API (default: 8080); 0 takes a free one')
    .option('--nats-port <port>', 'port of NATS (default: 4222, or a free one where that is taken)')
    .option('--data <folder>', 'where the data stays (default: .sequitur/demo)')
    .option('--for <time>', 'end by itself after this long, for example 30s')
    .option('--fresh', 'forget earlier runs')
    .option('--events <count>', 'only print that many sample events, as NDJSON')
    .action(runs(async (options: object) => (await import('./commands/demo.ts')).demo(context, options)))

  program
    .command('check')
    .summary('Find everything that is wrong in rules')
    .description('Reads and compiles rules, without a service. Exit code 2 when one of them is wrong.')
    .argument('<paths...>', 'files, or folders with rules')
    .addOption(outputOption())
    .action(
      runs(async (paths: string[], options: object) =>
        (await import('./commands/check.ts')).check(context, paths, options),
      ),
    )
  program
    .command('test')
    .summary('Run the tests that stand in rules')
    .description('Runs each test three ways, with the engine that runs live. Exit code 1 when one fails.')
    .argument('<paths...>', 'files, or folders with rules')
    .addOption(outputOption('junit'))
    .option('-w, --watch', 'run again when a file changes')
    .option('--mutate', 'put mistakes into the rules: which would no test notice?')
    .action(
      runs(async (paths: string[], options: object) =>
        (await import('./commands/test.ts')).test(context, paths, options),
      ),
    )
  program
    .command('explain')
    .summary('Read rules back as plain sentences')
    .description('Says in sentences what a rule looks for, what it keeps, and shows its automaton.')
    .argument('<paths...>', 'files, or folders with rules')
    .addOption(outputOption())
    .action(
      runs(async (paths: string[], options: object) =>
        (await import('./commands/explain.ts')).explain(context, paths, options),
      ),
    )
  program
    .command('replay')
    .summary('See what rules would have raised')
    .description(
      'Runs rules over the log of a service, or over a file, and raises nothing. Exit code 1 when --against finds a difference.',
    )
    .argument('<rules...>', 'files, folders, or ids of stored rules (id or id@version)')
    .option('--since <time>', 'ISO 8601, or how long ago, for example 7d (default: the whole log)')
    .option('--until <time>', 'ISO 8601, or how long ago')
    .option('--against <what>', 'compare with what was raised (live), or with a version of the rule')
    .option('--share <part>', 'of one core that it may use (default: 0.5)')
    .option('--whole-log', 'read what no rule reads too: event time passes exactly as it did live')
    .option('--input <file>', 'events as NDJSON, also .gz, - for standard input; needs no service')
    .option('--subject <subject>', 'with --input: every line is an event of this subject')
    .option('--lateness <time>', 'with --input: how far lines may be out of order')
    .option('-c, --config <file>', 'with --input: where event time is read from (default: sequitur.yaml)')
    .option('--alerts', 'print the alerts, one a line, instead of the figures')
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (paths: string[], options: object) =>
        (await import('./commands/replay.ts')).replay(context, paths, options),
      ),
    )
  program
    .command('init')
    .summary('Write a folder to begin with')
    .description(
      'Writes a first rule with its tests, settings for editors, sequitur.yaml and compose.yaml. Keeps what is there.',
    )
    .argument('[folder]', 'where', '.')
    .action(runs(async (folder: string) => (await import('./commands/init.ts')).init(context, folder)))

  program
    .command('apply')
    .summary('Send rules and lists to the service')
    .description(
      'Checks everything first; one that is wrong stops all. Rules and lists that did not change keep their version. Lists go first. Exit code 4 when others must approve a change.',
    )
    .argument('[paths...]', 'files, or folders with rules')
    .option('-f, --file <path>', 'file or folder; may be repeated', collect, [])
    .option(
      '--prune',
      'remove the rules that are not among them, and the lists if there are lists among them',
    )
    .option('--dry-run', 'say what would change, store nothing')
    .option('--reason <text>', 'why; kept with the versions')
    .addOption(partialMatchesOption())
    .addOption(managedByOption())
    .addOption(forceOption())
    .addOption(breakGlassOption())
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (paths: string[], options: ApplyOptions & { readonly file: readonly string[] }) => {
        const all = [...options.file, ...paths]
        if (all.length === 0) program.error("error: name the rules, for example 'sequitur apply -f rules/'")
        return (await import('./commands/apply.ts')).apply(context, all, options)
      }),
    )

  program
    .command('diff')
    .summary('Say what applying rules would change, or what versions changed')
    .description(
      'Compares rules with those of the service, and says what would become of their partial matches; or compares versions of a rule (sequitur diff RULE@6 RULE@7, or RULE@7 with the one before). Stores nothing. Exit code 1 when something is different.',
    )
    .argument('[paths...]', 'files, or folders with rules; or versions of a rule')
    .option('-f, --file <path>', 'file or folder; may be repeated', collect, [])
    .option('--prune', 'also the rules that are not among them, as removed')
    .addOption(partialMatchesOption())
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (paths: string[], options: DiffOptions & { readonly file: readonly string[] }) => {
        const all = [...options.file, ...paths]
        if (all.length === 0) program.error("error: name the rules, for example 'sequitur diff -f rules/'")
        return (await import('./commands/diff.ts')).diff(context, all, options)
      }),
    )

  const get = program
    .command('get')
    .summary('Read rules and alerts from the service')
    .description('Read rules and alerts from the service.')
  get
    .command('rules')
    .description('All rules, by id.')
    .addOption(
      new Option('--status <status>', 'only of this status').choices(['draft', 'shadow', 'live', 'disabled']),
    )
    .option('--namespace <name>', 'only of this namespace')
    .addOption(outputOption())
    .addOption(serverOption())
    .action(runs(async (options: object) => (await import('./commands/get.ts')).getRules(context, options)))
  get
    .command('rule')
    .description('The text of a rule as it was written; with -o its data.')
    .argument('<id>')
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (id: string, options: object) =>
        (await import('./commands/get.ts')).getRule(context, id, options),
      ),
    )
  get
    .command('versions')
    .description('The versions of a rule, newest first: who wrote them, who approved them, and why.')
    .argument('<id>')
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (id: string, options: object) =>
        (await import('./commands/get.ts')).getVersions(context, id, options),
      ),
    )
  alertFilters(get.command('alerts').description('Alerts, newest first.'))
    .addOption(
      new Option('--state <state>', 'only in this state').choices(['open', 'acknowledged', 'closed']),
    )
    .option('--withheld', 'those that were kept back, with the reason')
    .addOption(
      new Option('--reason <reason>', 'only kept back for this reason').choices([
        'suppressed',
        'excepted',
        'silenced',
        'rate-limited',
      ]),
    )
    .option('--since <time>', 'ISO 8601, or how long ago, for example 24h')
    .option('--until <time>', 'ISO 8601, or how long ago')
    .option('-n, --limit <count>', 'at most so many (default: 50)', countOf)
    .addOption(outputOption())
    .addOption(serverOption())
    .action(runs(async (options: object) => (await import('./commands/get.ts')).getAlerts(context, options)))

  program
    .command('why')
    .summary('Say why a rule alerted for a key, or why not')
    .description(
      'Runs one rule over the events of one key and says what became of each, and the smallest change that would have alerted. Exit code 1 when there was no alert.',
    )
    .argument('<rule>', 'id of a rule of the service, or a file with one rule')
    .argument('[key]', 'the key; JSON when it has several parts. Default: that of --event')
    .option(
      '--since <time>',
      'ISO 8601, or how long ago (default: the longest limit of the rule, at least 1h)',
    )
    .option('--until <time>', 'ISO 8601, or how long ago')
    .option('--event <sequence>', 'the time around this event of the input log', countOf)
    .option('--rule-version <version>', 'of the rule (default: the one in force)', countOf)
    .option(
      '--input <file>',
      'events as NDJSON with time, subject and data; asks no service. - reads from a pipe',
    )
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (rule: string, key: string | undefined, options: object) =>
        (await import('./commands/why.ts')).why(context, rule, key, options),
      ),
    )
  program
    .command('matches')
    .summary('Show what has begun and is not complete')
    .description('The partial matches of a rule, oldest first; or how many wait at which step.')
    .argument('<rule>', 'id of a rule of the service')
    .option('--key <key>', 'only of this key')
    .option('--funnel', 'how many wait at which step')
    .option('-n, --limit <count>', 'at most so many (default: 100)', countOf)
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (rule: string, options: object) =>
        (await import('./commands/matches.ts')).matches(context, rule, options),
      ),
    )

  program
    .command('delete')
    .summary('Remove a rule from the service')
    .description('Remove a rule from the service.')
    .command('rule')
    .description('Removes a rule from the service; its versions are kept.')
    .argument('<id>')
    .option('--dry-run', 'say what would happen, remove nothing')
    .option('--reason <text>', 'why; kept with the version')
    .addOption(managedByOption())
    .addOption(forceOption())
    .addOption(breakGlassOption())
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (id: string, options: object) =>
        (await import('./commands/delete.ts')).deleteRule(context, id, options),
      ),
    )

  const steps = (command: Command): Command =>
    command
      .option('--dry-run', 'say what would change, store nothing')
      .option('--reason <text>', 'why; kept with the version')
      .addOption(managedByOption())
      .addOption(forceOption())
      .addOption(breakGlassOption())
      .addOption(outputOption())
      .addOption(serverOption())
  const candidate = program
    .command('candidate')
    .summary('Run a version of a rule beside the one in force')
    .description(
      'Runs a version of a rule beside the one in force: in shadow, or deciding a share of the keys. `sequitur promote` brings it into force, `sequitur rollback` takes it away. Exit code 4 when others must approve a step.',
    )
  steps(
    candidate
      .command('set')
      .description('Makes the rule of a file the candidate.')
      .argument('<file>', 'with one rule')
      .option('--share <percent>', 'of the keys that it decides (default: 0, it runs in shadow)'),
  ).action(
    runs(async (file: string, options: StepOptions) =>
      (await import('./commands/candidate.ts')).candidateSet(context, file, options),
    ),
  )
  candidate
    .command('show')
    .description('What the candidate and the version in force did since it came, side by side.')
    .argument('<rule>')
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (id: string, options: object) =>
        (await import('./commands/candidate.ts')).candidateShow(context, id, options),
      ),
    )
  steps(
    candidate
      .command('share')
      .description('Lets the candidate decide a share of the keys; a larger one has all of a smaller one.')
      .argument('<rule>')
      .argument('<percent>', 'from 0 to 100, for example 10%'),
  ).action(
    runs(async (id: string, percent: string, options: StepOptions) =>
      (await import('./commands/candidate.ts')).candidateShare(context, id, percent, options),
    ),
  )
  steps(
    program
      .command('promote')
      .summary('Bring the candidate of a rule into force')
      .description('The candidate becomes the version in force, and goes on with what it began.')
      .argument('<rule>')
      .addOption(partialMatchesOption()),
  ).action(
    runs(async (id: string, options: ChangeOptions) =>
      (await import('./commands/candidate.ts')).promote(context, id, options),
    ),
  )
  steps(
    program
      .command('rollback')
      .summary('Take the candidate of a rule away, or undo its promotion')
      .description(
        'Takes the candidate away; without one, puts back the version before the last promotion, as a new version.',
      )
      .argument('<rule>')
      .addOption(partialMatchesOption()),
  ).action(
    runs(async (id: string, options: ChangeOptions) =>
      (await import('./commands/candidate.ts')).rollback(context, id, options),
    ),
  )

  const alertState = (name: string, summary: string, action: 'acknowledge' | 'close' | 'reopen'): Command =>
    program
      .command(name)
      .summary(summary)
      .description(`${summary}. Alerts are named by id or by sequence.`)
      .argument('<alerts...>')
      .option('--note <text>', 'for those who read it later')
      .addOption(outputOption())
      .addOption(serverOption())
      .action(
        runs(async (ids: string[], options: object) =>
          (await import('./commands/alert-state.ts')).setAlertState(context, action, ids, options),
        ),
      )
  alertState('ack', 'Say that somebody works on alerts', 'acknowledge')
  alertState('close', 'Close alerts with a verdict', 'close').addOption(
    new Option('--verdict <verdict>', 'was it really there?')
      .choices(['true', 'false', 'unsure'])
      .makeOptionMandatory(),
  )
  alertState('reopen', 'Open alerts again', 'reopen')

  const list = program
    .command('list')
    .summary('Values that rules look up')
    .description('Values that rules look up with $in_list(name, value).')
  const common = (command: Command): Command => command.addOption(outputOption()).addOption(serverOption())
  const changes = (command: Command): Command =>
    common(
      command
        .option('--dry-run', 'say what would change, store nothing')
        .option('--reason <text>', 'why; kept with the version'),
    )
  changes(
    list
      .command('add')
      .description('Puts values on a list; one that is not there is made.')
      .argument('<name>')
      .argument('<values...>')
      .option('--until <time>', 'ISO 8601; off the list from then on, in event time')
      .option('--why <text>', 'why it is on the list'),
  ).action(
    runs(async (name: string, values: string[], options: object) =>
      (await import('./commands/list.ts')).listAdd(context, name, values, options),
    ),
  )
  changes(
    list.command('rm').description('Takes values off a list.').argument('<name>').argument('<values...>'),
  ).action(
    runs(async (name: string, values: string[], options: object) =>
      (await import('./commands/list.ts')).listRemove(context, name, values, options),
    ),
  )
  common(
    list.command('show').description('The values of a list; without a name all lists.').argument('[name]'),
  ).action(
    runs(async (name: string | undefined, options: object) =>
      (await import('./commands/list.ts')).listShow(context, name, options),
    ),
  )
  changes(
    list
      .command('import')
      .description(
        'Puts the values of a file on a list: .csv (value,until,why), .ndjson, .json, else a text a line.',
      )
      .argument('<name>')
      .argument('<file>'),
  ).action(
    runs(async (name: string, file: string, options: object) =>
      (await import('./commands/list.ts')).listImport(context, name, file, options),
    ),
  )

  common(
    program
      .command('erase')
      .summary('Erase everything that belongs to a key')
      .description(
        'Erases everything that belongs to a key, wherever Sequitur keeps it. It cannot be undone.',
      )
      .argument('<key>', 'the value of `by`; a number, true, or a key of several parts as JSON')
      .requiredOption('--reason <text>', 'why; kept in the audit log, so do not name the key in it')
      .option('--rules <ids...>', 'the key of these rules only')
      .option('--dry-run', 'count what there is, erase nothing')
      .option('--no-wait', 'do not wait until it is done'),
  ).action(
    runs(async (key: string, options: EraseOptions) =>
      (await import('./commands/erase.ts')).erase(context, key, options),
    ),
  )

  const proposal = program
    .command('proposal')
    .summary('Changes of rules that others must approve')
    .description('Changes of what is live, which wait for others where approvals.needed says so.')
  common(
    proposal
      .command('list')
      .description('Proposals, newest first.')
      .option('--rule <id>', 'only of this rule')
      .addOption(
        new Option('--state <state>', 'only in this state').choices([
          'pending',
          'approved',
          'applied',
          'rejected',
          'withdrawn',
          'expired',
          'stale',
        ]),
      ),
  ).action(
    runs(async (options: object) => (await import('./commands/proposal.ts')).proposalList(context, options)),
  )
  common(
    proposal
      .command('show')
      .description('One proposal, with its diff and what it would do.')
      .argument('<id>'),
  ).action(
    runs(async (id: string, options: object) =>
      (await import('./commands/proposal.ts')).proposalShow(context, id, options),
    ),
  )
  common(
    proposal
      .command('approve')
      .description('Approves changes of others; exit code 4 when one waits for more approvals.')
      .argument('<ids...>')
      .option('--comment <text>', 'kept with the proposal'),
  ).action(
    runs(async (ids: string[], options: object) =>
      (await import('./commands/proposal.ts')).proposalApprove(context, ids, options),
    ),
  )
  common(
    proposal
      .command('reject')
      .description('Rejects changes of others.')
      .argument('<ids...>')
      .requiredOption('--comment <text>', 'why, for the author'),
  ).action(
    runs(async (ids: string[], options: object) =>
      (await import('./commands/proposal.ts')).proposalReject(context, ids, options),
    ),
  )
  common(
    proposal
      .command('withdraw')
      .description('Takes back changes of one’s own.')
      .argument('<ids...>')
      .option('--comment <text>', 'kept with the proposal'),
  ).action(
    runs(async (ids: string[], options: object) =>
      (await import('./commands/proposal.ts')).proposalWithdraw(context, ids, options),
    ),
  )

  const silence = program
    .command('silence')
    .summary('Hold back alerts for a while')
    .description('Hold back alerts for a while; what was held back: sequitur get alerts --withheld.')
  common(
    silence
      .command('add')
      .description('Holds back alerts for which everything named holds.')
      .option('--rule <id>', 'of this rule')
      .option('--namespace <name>', 'of this namespace')
      .option('--key <key>', 'of this key')
      .addOption(new Option('--severity <severity>', 'of this severity').choices(SEVERITIES))
      .option('--from <time>', 'ISO 8601, or how long from now (default: now)')
      .requiredOption('--until <time>', 'ISO 8601, or how long from now, for example 2h')
      .requiredOption('--why <text>', 'why')
      .option('--dry-run', 'check, store nothing'),
  ).action(
    runs(async (options: SilenceOptions) =>
      (await import('./commands/silence.ts')).silenceAdd(context, options),
    ),
  )
  common(
    silence
      .command('list')
      .description('Silences, newest first.')
      .addOption(
        new Option('--state <state>', 'only in this state').choices(['active', 'scheduled', 'ended']),
      ),
  ).action(
    runs(async (options: object) => (await import('./commands/silence.ts')).silenceList(context, options)),
  )
  common(silence.command('end').description('Ends a silence now.').argument('<id>')).action(
    runs(async (id: string, options: object) =>
      (await import('./commands/silence.ts')).silenceEnd(context, id, options),
    ),
  )

  const webhook = program
    .command('webhook')
    .summary('Send alerts over HTTP')
    .description('Send alerts over HTTP, signed as Standard Webhooks says.')
  common(webhook.command('list').description('All webhooks, by name.')).action(
    runs(async (options: object) => (await import('./commands/webhook.ts')).webhookList(context, options)),
  )
  changes(
    webhook
      .command('set')
      .description('Makes a webhook, or replaces all of it. Alerts are sent that are raised from then on.')
      .argument('<name>')
      .requiredOption('--url <url>', 'https, of a host that webhooks.allow names')
      .requiredOption('--secret <name>', 'name of the secret in webhooks.secrets')
      .option('--rule <id...>', 'only of these rules')
      .option('--namespace <name...>', 'only of rules in these namespaces')
      .addOption(new Option('--severity <severity...>', 'only of these severities').choices(SEVERITIES))
      .option('--description <text>', 'for people')
      .option('--disabled', 'send nothing for now; enabled again, it goes on where it stopped'),
  ).action(
    runs(async (name: string, options: WebhookSetOptions) =>
      (await import('./commands/webhook.ts')).webhookSet(context, name, options),
    ),
  )
  changes(
    webhook.command('rm').description('Removes a webhook; what waits for it is not sent.').argument('<name>'),
  ).action(
    runs(async (name: string, options: object) =>
      (await import('./commands/webhook.ts')).webhookRemove(context, name, options),
    ),
  )
  common(
    webhook
      .command('test')
      .description('Sends something that is no alert; exit code 1 when it does not arrive.')
      .argument('<name>'),
  ).action(
    runs(async (name: string, options: object) =>
      (await import('./commands/webhook.ts')).webhookTest(context, name, options),
    ),
  )
  common(
    webhook
      .command('dead')
      .description('Alerts that could not be delivered, oldest first.')
      .argument('<name>'),
  ).action(
    runs(async (name: string, options: object) =>
      (await import('./commands/webhook.ts')).webhookDead(context, name, options),
    ),
  )
  common(
    webhook
      .command('redeliver')
      .description('Sends dead letters once more, all or these; exit code 1 when one does not arrive.')
      .argument('<name>')
      .argument('[sequences...]', 'of the dead letters'),
  ).action(
    runs(async (name: string, sequences: string[], options: object) =>
      (await import('./commands/webhook.ts')).webhookRedeliver(context, name, sequences, options),
    ),
  )

  const audit = program
    .command('audit')
    .summary('Who changed what, and whether that record is whole')
    .description('Who changed what and who was refused, as a chain of hashes.')
  common(audit.command('list').description('All records, oldest first.')).action(
    runs(async (options: object) => (await import('./commands/audit.ts')).auditList(context, options)),
  )
  common(
    audit.command('verify').description('Checks the chain; exit code 1 where a record was changed.'),
  ).action(
    runs(async (options: object) => (await import('./commands/audit.ts')).auditVerify(context, options)),
  )

  const tail = program
    .command('tail')
    .summary('Watch alerts or events as they come')
    .description('Watch alerts or events as they come.')
  alertFilters(tail.command('alerts').description('Alerts as they are raised.'))
    .option('-n, --limit <count>', 'end after so many', countOf)
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (options: object) => (await import('./commands/tail.ts')).tailAlerts(context, options)),
    )
  tail
    .command('events')
    .description('Events as they come in; at high rates a part of them.')
    .option('--subject <filter>', 'NATS subject filter (default: >)')
    .option('-n, --limit <count>', 'end after so many', countOf)
    .addOption(outputOption())
    .addOption(serverOption())
    .action(
      runs(async (options: object) => (await import('./commands/tail.ts')).tailEvents(context, options)),
    )

  program
    .command('key')
    .summary('Make an API key')
    .description(
      'Makes an API key: prints it, and the entry of the configuration that accepts it. Nothing is stored.',
    )
    .argument('<id>', 'who has it; stands in rule versions as author', idOf)
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('operator'))
    .option('--env', 'as lines of an environment file')
    .action(
      runs(async (id: string, options: KeyOptions) =>
        (await import('./commands/key.ts')).createKey(context, id, options),
      ),
    )
  program
    .command('completion')
    .summary('Print completion for bash and zsh')
    .description('Prints a script for bash and zsh: source <(sequitur completion)')
    .action(runs(async () => (await import('./commands/completion.ts')).completion(context, program)))
  return program
}

const alertFilters = (command: Command): Command =>
  command
    .option('--rule <id>', 'only of this rule')
    .addOption(new Option('--severity <severity>', 'only of this severity').choices(SEVERITIES))
    .option('--key <key>', 'only of this key')
    .addOption(new Option('--mode <mode>', 'raised, raised in shadow, or kept back').choices(MODES))

const outputOption = (...more: readonly string[]): Option =>
  new Option('-o, --output <format>', 'default: table on a terminal, ndjson in a pipe').choices([
    ...OUTPUT_FORMATS,
    ...more,
  ])

const partialMatchesOption = (): Option =>
  new Option(
    '--partial-matches <mode>',
    'of the version before: go on under the new one, be finished by the old one, or be given up (default: keep where that is possible, else drop)',
  ).choices(['keep', 'drain', 'drop'])

const managedByOption = (): Option =>
  new Option('--managed-by <place>', 'where the text is kept, for example git:example.org/rules@4f2a91c')

const forceOption = (): Option => new Option('--force', 'also what another place manages')

const breakGlassOption = (): Option =>
  new Option('--break-glass', 'do without approval, as an operator and with --reason')

const serverOption = (): Option =>
  new Option('-s, --server <url>', 'the service (default: SEQUITUR_URL, else http://127.0.0.1:8080)')

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** Commander's own complaint about a value that is no count. */
function countOf(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text
  throw new InvalidArgumentError('It takes a whole number from 1.')
}

function idOf(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(text)) return text
  throw new InvalidArgumentError('It takes small letters, digits and hyphens.')
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
