import { Option } from 'commander'
import type { Area } from './area.ts'
import { idOf } from './options.ts'

const ROLES = ['viewer', 'producer', 'author', 'approver', 'operator']
const SERVICES = {
  serve: 'Run API, worker and, where no NATS is configured, a broker',
  api: 'Run the API alone',
  worker: 'Run a worker alone',
} as const

/** What runs for long, and what is needed before. */
export function addStartCommands({ program, runs }: Area): void {
  for (const [role, summary] of Object.entries(SERVICES))
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
      .action(runs(() => import('../commands/serve.ts'), 'runRole', role))

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
    .action(runs(() => import('../commands/demo.ts'), 'demo'))
  program
    .command('init')
    .summary('Write a folder to begin with')
    .description(
      'Writes a first rule with its tests, settings for editors, sequitur.yaml and compose.yaml. Keeps what is there.',
    )
    .argument('[folder]', 'where', '.')
    .action(runs(() => import('../commands/init.ts'), 'init'))
  program
    .command('key')
    .summary('Make an API key')
    .description(
      'Makes an API key: prints it, and the entry of the configuration that accepts it. Nothing is stored.',
    )
    .argument('<id>', 'who has it; stands in rule versions as author', idOf)
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('operator'))
    .option('--env', 'as lines of an environment file')
    .action(runs(() => import('../commands/key.ts'), 'createKey'))
  program
    .command('completion')
    .summary('Print completion for bash and zsh')
    .description('Prints a script for bash and zsh: source <(sequitur completion)')
    .action(runs(() => import('../commands/completion.ts'), 'completion', program))
}
