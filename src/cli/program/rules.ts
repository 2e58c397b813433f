import { Argument, Option } from 'commander'
import type { Area } from './area.ts'
import {
  alertFilters,
  asking,
  changing,
  changingRule,
  countOf,
  partialMatches,
  ruleFiles,
  state,
} from './options.ts'

const STATUSES = ['draft', 'shadow', 'live', 'disabled']

/** The rules of a service: reading, changing, and one version beside another. */
export function addRuleCommands({ program, runs }: Area): void {
  changingRule(
    partialMatches(
      ruleFiles(
        program
          .command('apply')
          .summary('Send rules and lists to the service')
          .description(
            'Checks everything first; one that is wrong stops all. Rules and lists that did not change keep their version. Lists go first. Exit code 4 when others must approve a change.',
          ),
        'files, or folders with rules',
      ).option(
        '--prune',
        'remove the rules that are not among them, and the lists if there are lists among them',
      ),
    ),
  ).action(runs(() => import('../commands/apply.ts'), 'apply'))
  asking(
    partialMatches(
      ruleFiles(
        program
          .command('diff')
          .summary('Say what applying rules would change, or what versions changed')
          .description(
            'Compares rules with those of the service, and says what would become of their partial matches; or compares versions of a rule (sequitur diff RULE@6 RULE@7, or RULE@7 with the one before). Stores nothing. Exit code 1 when something is different.',
          ),
        'files, or folders with rules; or versions of a rule',
      ).option('--prune', 'also the rules that are not among them, as removed'),
    ),
  ).action(runs(() => import('../commands/diff.ts'), 'diff'))

  const get = program
    .command('get')
    .summary('Read rules and alerts from the service')
    .description('Read rules and alerts from the service.')
  const reads = () => import('../commands/get.ts')
  asking(
    get
      .command('rules')
      .description('All rules, by id.')
      .addOption(new Option('--status <status>', 'only of this status').choices(STATUSES))
      .option('--namespace <name>', 'only of this namespace'),
  ).action(runs(reads, 'getRules'))
  asking(
    get
      .command('rule')
      .description('The text of a rule as it was written; with -o its data.')
      .argument('<id>'),
  ).action(runs(reads, 'getRule'))
  asking(
    get
      .command('versions')
      .description('The versions of a rule, newest first: who wrote them, who approved them, and why.')
      .argument('<id>'),
  ).action(runs(reads, 'getVersions'))
  asking(
    alertFilters(get.command('alerts').description('Alerts, newest first.'))
      .addOption(state('open', 'acknowledged', 'closed'))
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
      .option('-n, --limit <count>', 'at most so many (default: 50)', countOf),
  ).action(runs(reads, 'getAlerts'))

  asking(
    program
      .command('matches')
      .summary('Show what has begun and is not complete')
      .description('The partial matches of a rule, oldest first; or how many wait at which step.')
      .argument('<rule>', 'id of a rule of the service')
      .option('--key <key>', 'only of this key')
      .option('--funnel', 'how many wait at which step')
      .option('-n, --limit <count>', 'at most so many (default: 100)', countOf),
  ).action(runs(() => import('../commands/matches.ts'), 'matches'))
  const deletion = program
    .command('delete')
    .summary('Remove a rule or a list from the service')
    .description('Removes a rule or a list from the service.')
  const deletes = () => import('../commands/delete.ts')
  changing(
    deletion
      .command('list')
      .description('Removes a list from the service, and names the rules that look values up in it.')
      .argument('<name>'),
  ).action(runs(deletes, 'deleteList'))
  changingRule(
    deletion
      .command('rule')
      .description('Removes a rule from the service; its versions are kept.')
      .argument('<id>'),
  ).action(runs(deletes, 'deleteRule'))

  const puts = () => import('../commands/restore.ts')
  changingRule(
    program
      .command('set')
      .summary('Start, shadow or stop a rule')
      .description('Changes a rule of the service without its text at hand.')
      .command('status')
      .description('Writes the status into the text of a rule, as a new version.')
      .argument('<rule>')
      .addArgument(new Argument('<status>').choices(STATUSES)),
  ).action(runs(puts, 'setStatus'))
  changingRule(
    partialMatches(
      program
        .command('restore')
        .summary('Put back an earlier version of a rule')
        .description(
          'Puts back the text of an earlier version as a new one, also of a rule that was deleted. Exit code 4 when others must approve it.',
        )
        .argument('<version>', 'RULE@VERSION, for example card-testing@6'),
    ),
  ).action(runs(puts, 'restore'))

  const candidate = program
    .command('candidate')
    .summary('Run a version of a rule beside the one in force')
    .description(
      'Runs a version of a rule beside the one in force: in shadow, or deciding a share of the keys. `sequitur promote` brings it into force, `sequitur rollback` takes it away. Exit code 4 when others must approve a step.',
    )
  const steps = () => import('../commands/candidate.ts')
  changingRule(
    candidate
      .command('set')
      .description('Makes the rule of a file the candidate.')
      .argument('<file>', 'with one rule')
      .option('--share <percent>', 'of the keys that it decides (default: 0, it runs in shadow)'),
  ).action(runs(steps, 'candidateSet'))
  asking(
    candidate
      .command('show')
      .description('What the candidate and the version in force did since it came, side by side.')
      .argument('<rule>'),
  ).action(runs(steps, 'candidateShow'))
  changingRule(
    candidate
      .command('share')
      .description('Lets the candidate decide a share of the keys; a larger one has all of a smaller one.')
      .argument('<rule>')
      .argument('<percent>', 'from 0 to 100, for example 10%'),
  ).action(runs(steps, 'candidateShare'))
  changingRule(
    partialMatches(
      program
        .command('promote')
        .summary('Bring the candidate of a rule into force')
        .description('The candidate becomes the version in force, and goes on with what it began.')
        .argument('<rule>'),
    ),
  ).action(runs(steps, 'promote'))
  changingRule(
    partialMatches(
      program
        .command('rollback')
        .summary('Take the candidate of a rule away, or undo its promotion')
        .description(
          'Takes the candidate away; without one, puts back the version before the last promotion, as a new version.',
        )
        .argument('<rule>'),
    ),
  ).action(runs(steps, 'rollback'))
}
