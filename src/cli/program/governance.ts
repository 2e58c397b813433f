import type { Area } from './area.ts'
import { asking, changing, state } from './options.ts'

/** What rules look up, what others must approve, what must go, and who did what. */
export function addGovernanceCommands(area: Area): void {
  const { program, runs } = area
  addLists(area)
  addProposals(area)
  asking(
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
  ).action(runs(() => import('../commands/erase.ts'), 'erase'))
  const audit = program
    .command('audit')
    .summary('Who changed what, and whether that record is whole')
    .description('Who changed what and who was refused, as a chain of hashes.')
  asking(audit.command('list').description('All records, oldest first.')).action(
    runs(() => import('../commands/audit.ts'), 'auditList'),
  )
  asking(
    audit.command('verify').description('Checks the chain; exit code 1 where a record was changed.'),
  ).action(runs(() => import('../commands/audit.ts'), 'auditVerify'))
}

function addLists({ program, runs }: Area): void {
  const list = program
    .command('list')
    .summary('Values that rules look up')
    .description('Values that rules look up with $in_list(name, value).')
  const module = () => import('../commands/list.ts')
  changing(
    list
      .command('add')
      .description('Puts values on a list; one that is not there is made.')
      .argument('<name>')
      .argument('<values...>')
      .option('--until <time>', 'ISO 8601; off the list from then on, in event time')
      .option('--why <text>', 'why it is on the list'),
  ).action(runs(module, 'listAdd'))
  changing(
    list.command('rm').description('Takes values off a list.').argument('<name>').argument('<values...>'),
  ).action(runs(module, 'listRemove'))
  asking(
    list.command('show').description('The values of a list; without a name all lists.').argument('[name]'),
  ).action(runs(module, 'listShow'))
  changing(
    list
      .command('import')
      .description(
        'Puts the values of a file on a list: .csv (value,until,why), .ndjson, .json, else a text a line.',
      )
      .argument('<name>')
      .argument('<file>'),
  ).action(runs(module, 'listImport'))
}

function addProposals({ program, runs }: Area): void {
  const proposal = program
    .command('proposal')
    .summary('Changes of rules that others must approve')
    .description('Changes of what is live, which wait for others where approvals.needed says so.')
  const module = () => import('../commands/proposal.ts')
  asking(
    proposal
      .command('list')
      .description('Proposals, newest first.')
      .option('--rule <id>', 'only of this rule')
      .addOption(state('pending', 'approved', 'applied', 'rejected', 'withdrawn', 'expired', 'stale')),
  ).action(runs(module, 'proposalList'))
  asking(
    proposal
      .command('show')
      .description('One proposal, with its diff and what it would do.')
      .argument('<id>'),
  ).action(runs(module, 'proposalShow'))
  asking(
    proposal
      .command('approve')
      .description('Approves changes of others; exit code 4 when one waits for more approvals.')
      .argument('<ids...>')
      .option('--comment <text>', 'kept with the proposal'),
  ).action(runs(module, 'proposalApprove'))
  asking(
    proposal
      .command('reject')
      .description('Rejects changes of others.')
      .argument('<ids...>')
      .requiredOption('--comment <text>', 'why, for the author'),
  ).action(runs(module, 'proposalReject'))
  asking(
    proposal
      .command('withdraw')
      .description('Takes back changes of one’s own.')
      .argument('<ids...>')
      .option('--comment <text>', 'kept with the proposal'),
  ).action(runs(module, 'proposalWithdraw'))
}
