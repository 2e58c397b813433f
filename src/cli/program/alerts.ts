import { Option } from 'commander'
import type { Area } from './area.ts'
import { alertFilters, asking, changing, countOf, severity, state } from './options.ts'

/** What was raised: watching it, saying what became of it, holding it back, sending it on. */
export function addAlertCommands(area: Area): void {
  const { program, runs } = area
  const tail = program
    .command('tail')
    .summary('Watch alerts or events as they come')
    .description('Watch alerts or events as they come.')
  asking(
    alertFilters(tail.command('alerts').description('Alerts as they are raised.')).option(
      '-n, --limit <count>',
      'end after so many',
      countOf,
    ),
  ).action(runs(() => import('../commands/tail.ts'), 'tailAlerts'))
  asking(
    tail
      .command('events')
      .description('Events as they come in; at high rates a part of them.')
      .option('--subject <filter>', 'NATS subject filter (default: >)')
      .option('-n, --limit <count>', 'end after so many', countOf),
  ).action(runs(() => import('../commands/tail.ts'), 'tailEvents'))

  const alertState = (name: string, summary: string, action: 'acknowledge' | 'close' | 'reopen') =>
    asking(
      program
        .command(name)
        .summary(summary)
        .description(`${summary}. Alerts are named by id or by sequence.`)
        .argument('<alerts...>')
        .option('--note <text>', 'for those who read it later'),
    ).action(runs(() => import('../commands/alert-state.ts'), 'setAlertState', action))
  alertState('ack', 'Say that somebody works on alerts', 'acknowledge')
  alertState('close', 'Close alerts with a verdict', 'close').addOption(
    new Option('--verdict <verdict>', 'was it really there?')
      .choices(['true', 'false', 'unsure'])
      .makeOptionMandatory(),
  )
  alertState('reopen', 'Open alerts again', 'reopen')
  addSilences(area)
  addWebhooks(area)
}

function addSilences({ program, runs }: Area): void {
  const silence = program
    .command('silence')
    .summary('Hold back alerts for a while')
    .description('Hold back alerts for a while; what was held back: sequitur get alerts --withheld.')
  const module = () => import('../commands/silence.ts')
  asking(
    silence
      .command('add')
      .description('Holds back alerts for which everything named holds.')
      .option('--rule <id>', 'of this rule')
      .option('--namespace <name>', 'of this namespace')
      .option('--key <key>', 'of this key')
      .addOption(severity('--severity <severity>', 'of this severity'))
      .option('--from <time>', 'ISO 8601, or how long from now (default: now)')
      .requiredOption('--until <time>', 'ISO 8601, or how long from now, for example 2h')
      .requiredOption('--why <text>', 'why')
      .option('--dry-run', 'check, store nothing'),
  ).action(runs(module, 'silenceAdd'))
  asking(
    silence
      .command('list')
      .description('Silences, newest first.')
      .addOption(state('active', 'scheduled', 'ended')),
  ).action(runs(module, 'silenceList'))
  asking(silence.command('end').description('Ends a silence now.').argument('<id>')).action(
    runs(module, 'silenceEnd'),
  )
}

function addWebhooks({ program, runs }: Area): void {
  const webhook = program
    .command('webhook')
    .summary('Send alerts over HTTP')
    .description('Send alerts over HTTP, signed as Standard Webhooks says.')
  const module = () => import('../commands/webhook.ts')
  asking(webhook.command('list').description('All webhooks, by name.')).action(runs(module, 'webhookList'))
  changing(
    webhook
      .command('set')
      .description('Makes a webhook, or replaces all of it. Alerts are sent that are raised from then on.')
      .argument('<name>')
      .requiredOption('--url <url>', 'https, of a host that webhooks.allow names')
      .requiredOption('--secret <name>', 'name of the secret in webhooks.secrets')
      .option('--rule <id...>', 'only of these rules')
      .option('--namespace <name...>', 'only of rules in these namespaces')
      .addOption(severity('--severity <severity...>', 'only of these severities'))
      .option('--description <text>', 'for people')
      .option('--disabled', 'send nothing for now; enabled again, it goes on where it stopped'),
  ).action(runs(module, 'webhookSet'))
  changing(
    webhook.command('rm').description('Removes a webhook; what waits for it is not sent.').argument('<name>'),
  ).action(runs(module, 'webhookRemove'))
  asking(
    webhook
      .command('test')
      .description('Sends something that is no alert; exit code 1 when it does not arrive.')
      .argument('<name>'),
  ).action(runs(module, 'webhookTest'))
  asking(
    webhook
      .command('dead')
      .description('Alerts that could not be delivered, oldest first.')
      .argument('<name>'),
  ).action(runs(module, 'webhookDead'))
  asking(
    webhook
      .command('redeliver')
      .description('Sends dead letters once more, all or these; exit code 1 when one does not arrive.')
      .argument('<name>')
      .argument('[sequences...]', 'of the dead letters'),
  ).action(runs(module, 'webhookRedeliver'))
}
