import { parse } from 'yaml'
import { nearest, type Problem } from '../../engine/index.ts'
import { type ConfigKey, configKeys } from './schema.ts'

/** Variables of the same prefix that are not configuration keys. */
const OTHER_VARIABLES = [
  'SEQUITUR_API_KEY',
  'SEQUITUR_CONFIG',
  'SEQUITUR_FAIL_POINT',
  'SEQUITUR_NATS_SERVER',
  'SEQUITUR_URL',
]

export interface EnvironmentSetting {
  readonly key: ConfigKey
  readonly value: unknown
}

/**
 * Settings of `SEQUITUR_*` variables. A name that is nearly one of ours is a slip and an error; others (Kubernetes sets
 * SEQUITUR_PORT and the like for a service of that name) are left alone.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): {
  readonly settings: readonly EnvironmentSetting[]
  readonly problems: readonly Problem[]
} {
  const keys = new Map(configKeys().map((key) => [key.variable, key]))
  const settings: EnvironmentSetting[] = []
  const problems: Problem[] = []
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('SEQUITUR_') || text === undefined || OTHER_VARIABLES.includes(name)) continue
    const key = keys.get(name)
    if (key !== undefined) {
      settings.push({ key, value: settingOf(text, key) })
      continue
    }
    const meant = nearest(name, keys.keys())
    if (meant === undefined || KUBERNETES.test(name)) continue
    problems.push({
      code: 'config-unknown-variable',
      severity: 'error',
      message: `no such setting: ${name}`,
      hint: `did you mean ${meant}?`,
      at: { file: 'environment', pointer: name },
    })
  }
  return { settings, problems }
}

const KUBERNETES = /^SEQUITUR_(SERVICE_|PORT$|PORT_)/

/** As the schema wants it; what does not fit is passed on as text, so that the schema check names it. */
function settingOf(text: string, key: ConfigKey): unknown {
  const type = key.node.type
  if (type === 'integer' && /^-?\d+$/.test(text)) return Number(text)
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  if (type !== 'array') return text
  if (!/^\s*[[{-]/.test(text))
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch {
    return text
  }
}
