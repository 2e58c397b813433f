import type { Area } from './area.ts'
import { asking, countOf, printing } from './options.ts'

/** What can be done with rules as files, most of it without a service. */
export function addFileCommands({ program, runs }: Area): void {
  const PATHS = ['<paths...>', 'files, or folders with rules'] as const
  printing(
    program
      .command('check')
      .summary('Find everything that is wrong in rules')
      .description('Reads and compiles rules, without a service. Exit code 2 when one of them is wrong.')
      .argument(...PATHS),
  ).action(runs(() => import('../commands/check.ts'), 'check'))
  printing(
    program
      .command('test')
      .summary('Run the tests that stand in rules')
      .description('Runs each test three ways, with the engine that runs live. Exit code 1 when one fails.')
      .argument(...PATHS),
    'junit',
  )
    .option('-w, --watch', 'run again when a file changes')
    .option('--mutate', 'put mistakes into the rules: which would no test notice?')
    .action(runs(() => import('../commands/test.ts'), 'test'))
  printing(
    program
      .command('explain')
      .summary('Read rules back as plain sentences')
      .description('Says in sentences what a rule looks for, what it keeps, and shows its automaton.')
      .argument(...PATHS),
  ).action(runs(() => import('../commands/explain.ts'), 'explain'))
  asking(
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
      .option('--alerts', 'print the alerts, one a line, instead of the figures'),
  ).action(runs(() => import('../commands/replay.ts'), 'replay'))
  asking(
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
      ),
  ).action(runs(() => import('../commands/why.ts'), 'why'))
}
