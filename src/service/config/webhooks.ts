import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Add } from './codes.ts'
import type { AllowedTarget, WebhooksConfig } from './config.ts'
import { Secret } from './secret.ts'
import { durationOf, sizeOf } from './units.ts'

/** `webhooks` after the schema check. */
export interface RawWebhooks {
  readonly allow: readonly string[]
  readonly allowAddresses: readonly string[]
  readonly secrets: ReadonlyArray<{
    readonly name: string
    readonly secret?: string
    readonly secretFile?: string
  }>
  readonly timeout: string
  readonly retryFirst: string
  readonly retryMax: string
  readonly attemptsMax: number
  readonly giveUpAfter: string
  readonly deadLetterRetention: string
  readonly deadLetterBytesMax: string
}

/** Secrets of one name that are valid at a time: the old one and the new one. */
const SECRETS_PER_NAME_MAX = 2

/** What a schema cannot say of `webhooks`. */
export function checkWebhooks(raw: RawWebhooks, alertRetention: string, add: Add): void {
  for (const [index, text] of raw.allow.entries())
    if (allowedTargetOf(text) === undefined)
      add(
        'config-wrong-value',
        ['webhooks', 'allow', String(index)],
        `webhooks.allow has ${text}, which is no host`,
        'for example hooks.example.com, *.example.com, hooks.example.com:8443 or http://127.0.0.1:9000',
      )
  for (const [index, text] of raw.allowAddresses.entries())
    if (!isNetwork(text))
      add(
        'config-wrong-value',
        ['webhooks', 'allowAddresses', String(index)],
        `webhooks.allowAddresses has ${text}, which is no network`,
        'for example 10.1.0.0/16, 127.0.0.1/32 or fd00:1::/32',
      )
  for (const [index, { name, secret, secretFile }] of raw.secrets.entries()) {
    const path = ['webhooks', 'secrets', String(index)]
    if ((secret === undefined) === (secretFile === undefined))
      add(
        'config-conflict',
        path,
        `the webhook secret ${name} needs either secret or secretFile`,
        'give one of them',
      )
    if (raw.secrets.slice(0, index).filter((other) => other.name === name).length >= SECRETS_PER_NAME_MAX)
      add(
        'config-conflict',
        path,
        `more than two webhook secrets are called ${name}`,
        'take out the oldest: an old and a new one are enough to replace one',
      )
  }
  const retentionMs = durationOf(alertRetention)
  if (retentionMs > 0 && durationOf(raw.giveUpAfter) > retentionMs)
    add(
      'config-conflict',
      ['webhooks', 'giveUpAfter'],
      'webhooks.giveUpAfter is longer than alerts.retention: alerts would be gone before they are given up',
      'make it shorter, or keep alerts longer',
    )
}

/** Secrets are read; `add` is told of those that are none. */
export function resolveWebhooks(
  raw: RawWebhooks,
  absolute: (path: string) => string,
  add: Add,
): WebhooksConfig {
  const secrets = raw.secrets.flatMap(({ name, secret, secretFile }, index) => {
    const path = ['webhooks', 'secrets', String(index), secretFile === undefined ? 'secret' : 'secretFile']
    let text = secret
    try {
      text ??= readFileSync(absolute(secretFile ?? ''), 'utf8').trim()
    } catch {
      if (secretFile !== undefined)
        add(
          'config-unreadable',
          path,
          `the file of the webhook secret ${name} cannot be read`,
          'check the path and the permissions of the file',
        )
      return []
    }
    if (signingKeyOf(text) !== undefined) return [{ name, secret: new Secret(text) }]
    add(
      'config-wrong-value',
      path,
      `the webhook secret ${name} is not whsec_ and 24 to 64 bytes in base64`,
      'make one: echo "whsec_$(openssl rand -base64 32)"',
    )
    return []
  })
  return {
    allow: raw.allow.map(allowedTargetOf).filter((target) => target !== undefined),
    allowAddresses: raw.allowAddresses,
    secrets,
    timeoutMs: durationOf(raw.timeout),
    retry: {
      firstMs: durationOf(raw.retryFirst),
      maxMs: durationOf(raw.retryMax),
      attemptsMax: raw.attemptsMax,
      giveUpAfterMs: durationOf(raw.giveUpAfter),
    },
    deadLetters: {
      retentionMs: durationOf(raw.deadLetterRetention),
      bytesMax: sizeOf(raw.deadLetterBytesMax),
    },
  }
}

/** The key in `whsec_…`, as long as Standard Webhooks asks for; undefined when the text is none. */
export function signingKeyOf(text: string): Uint8Array | undefined {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const key = Buffer.from(base64, 'base64')
  return key.length >= 24 && key.length <= 64 ? key : undefined
}

/** `[scheme://][*.]host[:port]`, with the host as URLs write it. */
export function allowedTargetOf(text: string): AllowedTarget | undefined {
  const [, scheme = 'https', wildcard, host = '', port] =
    /^(?:(https?):\/\/)?(\*\.)?(\[[0-9a-f:.]+\]|[^\s/@?#:*[\]]+)(?::(\d{1,5}|\*))?$/i.exec(text) ?? []
  const address = `${scheme.toLowerCase()}://${host}`
  if (host === '' || !URL.canParse(address)) return undefined
  const { hostname } = new URL(address)
  const subdomains = wildcard !== undefined
  if (subdomains && isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) return undefined
  return {
    scheme: scheme.toLowerCase() === 'http' ? 'http' : 'https',
    host: hostname.replace(/\.$/, ''),
    subdomains,
    port: port === '*' ? 'any' : Number(port ?? (scheme.toLowerCase() === 'http' ? 80 : 443)),
  }
}

function isNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-f:.]+)\/(\d{1,3})$/i.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128)
}
