import { fileURLToPath } from 'node:url'
import { runRuleTests } from '../../engine/index.ts'
import { CliError } from '../cli-error.ts'
import type { ApiClient } from '../client/api-client.ts'
import { EXIT } from '../exit-code.ts'
import { type CompiledRule, compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { DEMO_RULES } from './generator.ts'

const PACKS = fileURLToPath(new URL('../../../rules/', import.meta.url))

export interface DemoRules {
  readonly rules: readonly CompiledRule[]
  readonly tests: number
}

/** The rules of the packs that the demo's events are about, tested. */
export function readDemoRules(): DemoRules {
  const { rules, problems } = compileRules(findRuleFiles([PACKS]).files)
  const chosen = rules.filter(({ program }) => DEMO_RULES.includes(program.definition.id))
  const { passed, failed } = runRuleTests(chosen.map(({ program }) => program))
  const broken = problems.filter(({ severity }) => severity === 'error')
  if (broken.length > 0 || failed > 0)
    throw new CliError('demo-rules-broken', `${failed} tests of the demo's rules fail`, {
      exitCode: EXIT.usage,
      hint: `sequitur test ${PACKS}`,
      problems: broken,
    })
  return { rules: chosen, tests: passed }
}

/** Sends the rules that the service does not have: what a visitor changed in an earlier run stays changed. */
export async function sendMissingRules(client: ApiClient, { rules }: DemoRules): Promise<number> {
  const { rules: known } = await client.json<{ rules: ReadonlyArray<{ id: string }> }>('/v1/rules')
  const ids = new Set(known.map(({ id }) => id))
  const missing = rules.filter(({ program }) => !ids.has(program.definition.id))
  for (const { file, program } of missing)
    await client.send(`/v1/rules/${program.definition.id}`, {
      method: 'PUT',
      contentType: 'application/yaml',
      headers: { 'if-none-match': '*' },
      body: file.text,
    })
  return missing.length
}
