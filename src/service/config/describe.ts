import { stringify } from 'yaml'
import type { Config } from './config.ts'
import { redactUrl } from './secret.ts'

/** The configuration in force as YAML for people: secrets hidden, units as numbers with the unit in the name. */
export function describeConfig(config: Config): string {
  return stringify(redactedConfig(config))
}

/** The configuration in force as plain data, without secrets. */
export function redactedConfig(config: Config): unknown {
  const { nats, auth } = config
  const safe = {
    ...config,
    nats: { ...nats, url: nats.url === undefined ? undefined : redactUrl(nats.url) },
    auth: { ...auth, apiKeys: auth.apiKeys.map((key) => ({ ...key, hash: '***' })) },
  }
  return JSON.parse(JSON.stringify(safe))
}
