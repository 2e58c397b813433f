import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'

/** `sequitur completion`: words for bash and, through its bash mode, zsh. */
export function completion({ terminal }: CommandContext, program: Command): ExitCode {
  const lines = [...pathsOf(program, [])].map(
    ([path, words]) => `    ${JSON.stringify(path)}) words=${JSON.stringify(words.join(' '))} ;;`,
  )
  terminal.print(`# bash: source <(sequitur completion)
# zsh:  autoload -U bashcompinit && bashcompinit && source <(sequitur completion)
_sequitur() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${lines.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sequitur sequitur`)
  return EXIT.ok
}

/** Every command with the words that may follow it. */
function* pathsOf(
  command: Command,
  path: readonly string[],
): Generator<readonly [string, readonly string[]]> {
  const options = command.options.map(({ long }) => long ?? '').filter((name) => name !== '')
  yield [path.join(' '), [...command.commands.map((child) => child.name()), ...options]]
  for (const child of command.commands) yield* pathsOf(child, [...path, child.name()])
}
