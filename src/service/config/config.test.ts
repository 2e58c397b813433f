import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createApiKey, describeConfig, findApiKey, loadConfig, redactUrl, Secret } from './index.ts'
import { configKeys } from './schema.ts'
import { durationOf, sizeOf } from './units.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sequitur-config-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const load = (text: string | undefined, environment: Record<string, string> = {}, overrides = {}) => {
  if (text === undefined) return loadConfig({ workingFolder: folder, environment, overrides })
  writeFileSync(join(folder, 'test.yaml'), text)
  return loadConfig({ file: 'test.yaml', workingFolder: folder, environment, overrides })
}

const problemsOf = (text: string, environment: Record<string, string> = {}) => {
  const result = load(text, environment)
  return result.ok
    ? []
    : result.problems.map(({ code, at, hint }) => [code, at.line ?? at.pointer, at.column, hint])
}

const configOf = (text: string | undefined, environment: Record<string, string> = {}, overrides = {}) => {
  const result = load(text, environment, overrides)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.value
}

describe('a configuration', () => {
  test('of nothing is the defaults', () => {
    const config = configOf(undefined)
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 8080, bodyBytesMax: 262_144 })
    expect(config.input).toMatchObject({ stream: 'SEQUITUR_INPUT', subjects: ['events.>'], inPlace: false })
    expect(config.nats.embedded.port).toBe(4222)
    expect(config.dataDir).toBe(join(folder, '.sequitur'))
    expect(config.commitIntervalMs).toBe(1000)
  })

  test('reads units and fills in the rest', () => {
    const config = configOf(
      'sources:\n  - { subject: payments.>, timestamp: occurred_at, lateness: 1m30s }\nalerts: { retention: 7d }\n',
    )
    expect(config.sources[0]).toEqual({
      name: 'payments.>',
      subject: 'payments.>',
      timestamp: 'occurred_at',
      unit: 'ms',
      latenessMs: 90_000,
      maxAheadMs: 300_000,
      idleMs: 60_000,
    })
    expect(config.alerts.retentionMs).toBe(7 * 86_400_000)
  })

  test('flags win over the environment, which wins over the file', () => {
    const environment = { SEQUITUR_HTTP_PORT: '9001', SEQUITUR_INPUT_SUBJECTS: 'payments.>, auth.>' }
    const config = configOf('http: { port: 9000, host: localhost }', environment)
    expect(config.http).toMatchObject({ host: 'localhost', port: 9001 })
    expect(config.input.subjects).toEqual(['payments.>', 'auth.>'])
    expect(configOf('http: { port: 9000 }', environment, { http: { port: 9002 } }).http.port).toBe(9002)
  })

  test('starts relative paths at the file', () => {
    const { dataDir, nats } = configOf(
      'dataDir: here\nnats: { credsFile: a/creds, embedded: { serverPath: ./server } }',
    )
    expect([dataDir, nats.credsFile, nats.embedded.serverPath]).toEqual(
      ['here', 'a/creds', 'server'].map((name) => join(folder, name)),
    )
  })

  test('JSON is read like YAML', () => expect(configOf('{"http": {"port": 1}}').http.port).toBe(1))

  test('the environment can hold lists of maps', () =>
    expect(
      configOf('', { SEQUITUR_SOURCES: '[{ subject: a.>, unit: s }]' }).sources.map(({ unit }) => unit),
    ).toEqual(['s']))
})

describe('a wrong configuration names every problem, its place and the fix', () => {
  test('several at once', () =>
    expect(
      problemsOf('htpp: { port: 80 }\nhttp:\n  prot: 80\n  port: "80"\ncommitInterval: 5 minutes\n'),
    ).toEqual([
      ['config-unknown-key', 1, 1, 'did you mean http?'],
      ['config-wrong-value', 5, 17, 'for example 500ms, 5m, 1h30m, 7d'],
      ['config-unknown-key', 3, 3, 'did you mean port?'],
      ['config-wrong-type', 4, 9, undefined],
    ]))

  test.each([
    ['http: [', 'config-syntax'],
    ['a: 1\na: 2', 'config-syntax'],
    ['a: &x 1\nb: *x', 'config-syntax'],
    ['a: !!js/function x', 'config-syntax'],
    ['- 1', 'config-wrong-type'],
    ['sources: [{ lateness: 1s }]', 'config-missing-key'],
    ['http: { host: 0.0.0.0 }', 'config-unsafe-listen'],
    ['nats: { embedded: { host: 0.0.0.0 } }', 'config-unsafe-listen'],
    ['input: { subjects: [">"] }', 'config-reserved-subject'],
    ['input: { subjects: ["alerts.x"] }', 'config-reserved-subject'],
    ['nats: { password: a, passwordFile: b }', 'config-conflict'],
    ['nats: { url: nats://x, tokenFile: nowhere }', 'config-unreadable'],
    ['log: { level: warning }', 'config-wrong-value'],
    ['nats: { url: "http://127.0.0.1:4222" }', 'config-wrong-value'],
    ['nats: { url: "nats://a,https://b" }', 'config-wrong-value'],
  ])('%j: %s', (text, code) => expect(problemsOf(text).map(([found]) => found)).toContain(code))

  test('a key that stands twice is named', () => {
    const result = load('input:\n  subjects: ["a.>"]\nhttp: {}\ninput: {}\n')
    expect(result.ok ? [] : result.problems.map(({ message, at }) => [message, at.line])).toEqual([
      ['input stands here a second time', 4],
    ])
  })

  test.each([
    'nats://127.0.0.1:4222',
    'tls://me:pass@nats.example.com:4222,nats://[::1]',
    'nats.internal',
    'localhost:4222,wss://x/y',
  ])('nats.url %s', (url) => expect(configOf(`nats: { url: "${url}" }`).nats.url).toBe(url))

  test('a missing file', () => {
    const result = loadConfig({ file: 'nowhere.yaml', workingFolder: folder, environment: {} })
    expect(result.ok ? [] : result.problems.map(({ code }) => code)).toEqual(['config-unreadable'])
  })

  test('a slip in a variable is told, a variable of the platform is not', () => {
    expect(problemsOf('', { SEQUITUR_HTTP_PROT: '1' })).toEqual([
      ['config-unknown-variable', 'SEQUITUR_HTTP_PROT', undefined, 'did you mean SEQUITUR_HTTP_PORT?'],
    ])
    expect(problemsOf('', { SEQUITUR_PORT: 'tcp://10.0.0.1:80', SEQUITUR_SERVICE_HOST: '10.0.0.1' })).toEqual(
      [],
    )
  })

  test('a wrong variable is named', () =>
    expect(problemsOf('', { SEQUITUR_HTTP_PORT: 'eighty' })).toEqual([
      ['config-wrong-type', 'SEQUITUR_HTTP_PORT', undefined, undefined],
    ]))
})

describe('the printed configuration', () => {
  const HASH = `sha256:${'ab'.repeat(32)}`
  const SIGNING = `whsec_${'A'.repeat(43)}=`
  const WRITTEN = {
    dataDir: '/data',
    nats: {
      url: 'nats://me:hunter2@one,tls://two:4223',
      credsFile: '/etc/creds',
      user: 'me',
      password: 'hunter3',
      token: 'hunter4',
      inboxPrefix: '_INBOX_api',
      tls: { caFile: '/etc/ca', certFile: '/etc/cert', keyFile: '/etc/key' },
      embedded: { host: '::1', port: 4223, serverPath: '/opt/nats-server' },
    },
    input: {
      stream: 'MINE',
      subjects: ['a.>', 'b.*'],
      sourceStreams: [{ stream: 'THEIRS', filter: 'a.x' }, { stream: 'ALL' }],
      inPlace: true,
      retention: '1h30m',
      bytesMax: '5GiB',
    },
    sources: [
      {
        name: 'a',
        subject: 'a.>',
        timestamp: '$event.time',
        unit: 's',
        lateness: '1.5s',
        maxAhead: '1m',
        idle: '1s',
      },
    ],
    partitions: 3,
    commitInterval: '500ms',
    http: {
      host: 'localhost',
      port: 1,
      workerPort: 2,
      bodyMax: '1KiB',
      eventsBodyMax: '2KiB',
      requestTimeout: '3s',
      connectionsMax: 4,
      streamsMax: 5,
      requestsPerSecond: 6,
      failedLoginsPerMinute: 7,
      corsOrigins: ['https://console.example.com'],
    },
    auth: {
      apiKeys: [
        { id: 'a', hash: HASH, role: 'approver', namespaces: ['payments'], expires: '2030-01-01T00:00:00Z' },
      ],
      jwt: {
        issuer: 'i',
        audience: 'a',
        jwksFile: '/etc/jwks',
        algorithms: ['EdDSA'],
        clockTolerance: '9s',
        subjectClaim: 'name',
        grants: [{ claim: 'c', value: 'yes', role: 'author', namespaces: ['payments'] }],
      },
    },
    approvals: { needed: 1, namespaces: ['payments'], expireAfter: '2w', breakGlass: true },
    alerts: { retention: '9d', bytesMax: '9GiB' },
    webhooks: {
      allow: ['*.example.com', 'http://127.0.0.1:9000'],
      allowAddresses: ['127.0.0.1/32'],
      secrets: [{ name: 'main', secret: SIGNING }],
      timeout: '1s',
      retryFirst: '2s',
      retryMax: '3s',
      attemptsMax: 4,
      giveUpAfter: '5s',
      deadLetterRetention: '6d',
      deadLetterBytesMax: '7MiB',
    },
    limits: {
      payloadMax: '8KiB',
      depthMax: 9,
      membersMax: 10,
      keysPerRuleMax: 11,
      partialMatchesPerRuleMax: 12,
      partialMatchesMax: 13,
      bufferedEventsMax: 14,
      alertsPerMinuteMax: 15,
      ruleFuelPerSecondMax: 1600,
      guestNamespaces: ['sandbox'],
      guestFuelPerSecondMax: 1700,
    },
    redact: ['iban'],
    telemetry: { serviceName: 'mine' },
    log: { level: 'debug' },
    codegen: 'off',
  }
  const hide = (text: string): string =>
    text.replaceAll(/hunter[34]|sha256:\w+|whsec_[\w=]+/g, '***').replaceAll('me:hunter2@', '***@')
  const withoutFile = (text: string) => ({ ...configOf(text), file: undefined })

  test('has every setting, by the names and in the units of the file', () => {
    const text = JSON.stringify(WRITTEN)
    expect(parse(describeConfig(configOf(text)))).toEqual(JSON.parse(hide(text)))
    // What is given in a file instead: the next test.
    const instead = /^(nats\.(password|token)File|auth\.jwt\.jwksUrl)$/
    for (const { path } of configKeys()) {
      if (instead.test(path.join('.'))) continue
      const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], WRITTEN)
      expect(value, `${path.join('.')} is not tried here`).toBeDefined()
    }
  })

  test('is read as it was, once the secrets are put back', () => {
    const text = JSON.stringify(WRITTEN)
    const printed = describeConfig(configOf(text))
      .replace('nats://***@', 'nats://me:hunter2@')
      .replace('password: "***"', 'password: hunter3')
      .replace('token: "***"', 'token: hunter4')
      .replace('hash: "***"', `hash: ${HASH}`)
      .replace('secret: "***"', `secret: ${SIGNING}`)
    const [read, written] = [withoutFile(printed), withoutFile(text)]
    expect(read).toEqual(written)
    expect(read.nats.password?.reveal()).toBe(written.nats.password?.reveal())
    expect(read.webhooks.secrets[0]?.secret.reveal()).toBe(written.webhooks.secrets[0]?.secret.reveal())
  })

  test('of nothing is read as nothing', () => {
    expect(withoutFile(describeConfig(configOf(undefined)))).toEqual(configOf(undefined))
  })

  test('says what variables and flags say, and where paths lead', () => {
    for (const name of ['password', 'signing']) writeFileSync(join(folder, name), `${SIGNING}\n`)
    const printed = describeConfig(
      configOf(
        'nats: { passwordFile: password }\nwebhooks: { secrets: [{ name: a, secretFile: signing }] }',
        { SEQUITUR_HTTP_PORT: '9001' },
        { dataDir: 'here' },
      ),
    )
    expect(printed).toContain(`# from ${join(folder, 'test.yaml')}\n`)
    expect(parse(printed)).toMatchObject({
      dataDir: join(folder, 'here'),
      nats: { passwordFile: join(folder, 'password') },
      http: { port: 9001 },
      webhooks: { secrets: [{ name: 'a', secretFile: join(folder, 'signing') }] },
    })
    expect(printed).not.toContain(SIGNING)
  })

  test.each([
    ['nats: { url: "nats://***@localhost" }', ['nats', 'url']],
    ['nats: { url: nats://x, password: "***" }', ['nats', 'password']],
    ['nats: { url: nats://x, token: "***" }', ['nats', 'token']],
    [`auth: { apiKeys: [{ id: a, hash: "***", role: author }] }`, ['auth', 'apiKeys', '0', 'hash']],
    ['webhooks: { secrets: [{ name: a, secret: "***" }] }', ['webhooks', 'secrets', '0', 'secret']],
  ])('is refused as long as a secret is hidden: %s', (text, path) => {
    const result = load(text)
    const found = result.ok ? [] : result.problems.map(({ code, at }) => [code, at.pointer])
    expect(found).toEqual([['config-wrong-value', `/${path.join('/')}`]])
  })
})

describe('secrets', () => {
  test('are never printed', () => {
    const secret = new Secret('canary')
    for (const text of [`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret })])
      expect(text).not.toContain('canary')
    expect(secret.reveal()).toBe('canary')
  })

  test('do not stand in the printed configuration', () => {
    const hash = `sha256:${'ab'.repeat(32)}`
    const config = configOf(
      `nats: { url: "nats://me:canary1@localhost", password: canary2, token: canary3 }\nauth: { apiKeys: [{ id: ci, hash: "${hash}", role: viewer }] }`,
    )
    const printed = describeConfig(config)
    expect(printed).toContain('nats://***@localhost')
    for (const canary of ['canary1', 'canary2', 'canary3', 'abab']) expect(printed).not.toContain(canary)
  })

  test.each([
    ['nats://one', 'nats://one'],
    ['nats://me:hunter2@one', 'nats://***@one'],
    ['nats://one,nats://me:hunter2@two', 'nats://one,nats://***@two'],
    ['me:hunter2@one:4222', '***@one:4222'],
    ['tls://me:hun/t@er2@one', 'tls://***@one'],
  ])('are hidden in every address: %s', (urls, shown) => expect(redactUrl(urls)).toBe(shown))

  test('do not stand in problems', () => {
    const result = load('nats: { url: "nats://me:canary@ x", password: "" }')
    expect(JSON.stringify(result)).not.toContain('canary')
  })
})

describe('approvals', () => {
  const keyOf = (id: string, role: string) => `{ id: ${id}, hash: "sha256:${'0'.repeat(64)}", role: ${role} }`
  const withKeys = (approvals: string, ...keys: string[]) =>
    `approvals: ${approvals}\nauth: { apiKeys: [${keys.join(', ')}] }\n`

  test('are off by default', () => {
    expect(configOf(undefined).approvals).toEqual({
      needed: 0,
      namespaces: ['*'],
      expireAfterMs: 14 * 86_400_000,
      breakGlass: false,
    })
  })

  test.each([
    ['nobody is known', 'approvals: { needed: 1 }', 'config-conflict'],
    ['an author alone', withKeys('{ needed: 1 }', keyOf('a', 'author')), 'config-conflict'],
    [
      'two keys of one id',
      withKeys('{ needed: 2 }', keyOf('a', 'approver'), keyOf('a', 'approver')),
      'config-conflict',
    ],
    ['four', withKeys('{ needed: 4 }', keyOf('a', 'approver')), 'config-wrong-value'],
    ['no time', 'approvals: { expireAfter: 0s }', 'config-wrong-value'],
    ['too much time', 'approvals: { expireAfter: 91d }', 'config-wrong-value'],
  ])('that cannot be had are refused: %s', (_name, text, code) => {
    const result = load(text)
    expect(result.ok ? [] : result.problems.map((problem) => problem.code)).toEqual([code])
  })

  test('are had with enough approvers, or with an identity provider', () => {
    expect(configOf(withKeys('{ needed: 2 }', keyOf('a', 'approver'), keyOf('b', 'operator')))).toBeDefined()
    const jwt = `{ issuer: i, audience: a, jwksFile: k, grants: [{ claim: c, value: v, role: approver }] }`
    expect(configOf(`approvals: { needed: 3 }\nauth: { jwt: ${jwt} }`).approvals.needed).toBe(3)
  })
})

describe('API keys', () => {
  const { key, hash } = createApiKey('ci')
  const entry = { id: 'ci', hash, grants: [{ role: 'author', namespaces: ['*'] }], expiresAt: 1000 } as const

  test.each([
    [key, 999, 'ci'],
    [key, 1000, undefined],
    [`${key}x`, 0, undefined],
    ['', 0, undefined],
  ])('are found until they expire', (presented, now, expected) =>
    expect(findApiKey([entry], presented, now)?.id).toBe(expected),
  )
})

test.each([
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
])('%s is %d ms', (text, expected) => expect(durationOf(text)).toBe(expected))

test('64KiB is 65536 bytes', () => expect(sizeOf('64KiB')).toBe(65_536))
