import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { namedVersion } from './diff-versions.ts'
import { type ChangeOptions, type StepOptions, takeStep } from './rule-step.ts'

/** `sequitur set status RULE STATUS`: writes the status into the text. */
export const setStatus = (
  context: CommandContext,
  id: string,
  status: string,
  options: StepOptions,
): Promise<ExitCode> => takeStep(context, id, { name: 'status', body: { status } }, options)

/** `sequitur restore RULE@VERSION`: the text of that version comes back as a new one. */
export function restore(context: CommandContext, text: string, options: ChangeOptions): Promise<ExitCode> {
  const named = namedVersion(text)
  if (named === undefined)
    throw new CliError('bad-option', `${text} names no version of a rule`, {
      exitCode: EXIT.usage,
      hint: 'write RULE@VERSION, for example card-testing@6; sequitur get versions RULE lists them',
    })
  const { id, version } = named
  return takeStep(context, id, { name: 'restore', body: { version } }, options)
}
