import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'

export interface KeyOptions {
  readonly role: string
  /** As lines of an environment file. */
  readonly env?: boolean
}

/** `sequitur key ID`: a new API key, shown once, and the entry that makes the service accept it. */
export async function createKey(
  { terminal }: CommandContext,
  id: string,
  { role, env }: KeyOptions,
): Promise<ExitCode> {
  const { createApiKey } = await import('../../service/index.ts')
  const { key, hash } = createApiKey(id)
  if (env === true) {
    terminal.print(`SEQUITUR_API_KEY=${key}\nSEQUITUR_API_KEY_HASH=${hash}`)
    return EXIT.ok
  }
  terminal.note(
    'The key is shown once. Whoever has it sends `Authorization: Bearer …`, or sets SEQUITUR_API_KEY:',
  )
  terminal.print(key)
  terminal.note('The service accepts it with this in its configuration:')
  terminal.note(`auth:\n  apiKeys:\n    - { id: ${id}, role: ${role}, hash: "${hash}" }`)
  return EXIT.ok
}
