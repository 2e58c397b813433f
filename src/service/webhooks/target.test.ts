import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { allowedTargetOf } from '../config/index.ts'
import { createSender } from './sender.ts'
import { type Resolve, targetPolicy } from './target.ts'

const allow = (...texts: readonly string[]) =>
  texts.map((text) => {
    const target = allowedTargetOf(text)
    if (target === undefined) throw new Error(text)
    return target
  })

/** Everything that is a host is allowed by name: only the address stands in the way. */
const HOSTS = [
  '127.0.0.1:*',
  'localhost:*',
  '0.0.0.0',
  '10.0.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '8.8.8.8',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:8.8.8.8]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[2001::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[3fff::1]',
  '[2606:4700::1111]',
]

test.each([
  // Allowed, so that the table can fail.
  ['https://8.8.8.8/', true],
  ['https://[2606:4700::1111]/', true],
  ['https://0x08.8.8.8/', true],
  // The machine itself, in many forms.
  ['https://127.0.0.1/', false],
  ['https://127.1/', false],
  ['https://2130706433/', false],
  ['https://0x7f000001/', false],
  ['https://0177.0.0.1/', false],
  ['https://127.0.0.1./', false],
  ['https://①②⑦.0.0.1/', false],
  ['https://127%2e0%2e0%2e1/', false],
  ['https://0.0.0.0/', false],
  ['https://0/', false],
  ['https://[::1]/', false],
  ['https://[0:0:0:0:0:0:0:1]/', false],
  ['https://[::]/', false],
  ['https://[::ffff:127.0.0.1]/', false],
  ['https://[::ffff:7f00:1]/', false],
  ['https://[::ffff:8.8.8.8]/', false],
  ['https://[::127.0.0.1]/', false],
  ['https://[64:ff9b::7f00:1]/', false],
  ['https://[64:ff9b:1::1]/', false],
  ['https://[2002:7f00:1::]/', false],
  ['https://[2001::1]/', false],
  // Networks behind it, and metadata services.
  ['https://10.0.0.1/', false],
  ['https://172.16.0.1/', false],
  ['https://192.168.1.1/', false],
  ['https://198.18.0.1/', false],
  ['https://169.254.169.254/latest/meta-data/', false],
  ['https://2852039166/', false],
  ['https://100.100.100.200/', false],
  ['https://168.63.129.16/', false],
  ['https://[fd00:ec2::254]/', false],
  ['https://[fe80::1]/', false],
  ['https://[fec0::1]/', false],
  ['https://224.0.0.1/', false],
  ['https://255.255.255.255/', false],
  ['https://[ff02::1]/', false],
  ['https://[2001:db8::1]/', false],
  ['https://[3fff::1]/', false],
])('%s by its address: %s', (url, allowed) => {
  const policy = targetPolicy({ allow: allow(...HOSTS), allowAddresses: [] })
  expect(policy.refusal(url) === undefined).toBe(allowed)
})

test.each([
  ['https://hooks.example.com/a?b=c', true],
  ['https://HOOKS.example.com:443/', true],
  ['https://hooks.example.com./', true],
  ['https://a.b.example.org/', true],
  ['https://other.example.net:8443/', true],
  ['https://any.example.net:1234/', true],
  ['http://plain.example.net/', true],
  ['https://bücher.example/', true],
  // The list says https, that port, that host, and no more.
  ['http://hooks.example.com/', false],
  ['https://hooks.example.com:444/', false],
  ['https://plain.example.net/', false],
  ['https://example.org/', false],
  ['https://notexample.org/', false],
  ['https://hooks.example.com.evil.test/', false],
  ['https://evil.test/hooks.example.com', false],
  ['https://evil.test#hooks.example.com', false],
  ['https://evil.test\\@hooks.example.com/', false],
  ['https://hooks.example.com@evil.test/', false],
  ['https://user@hooks.example.com/', false],
  ['https://user:pass@hooks.example.com/', false],
  ['https://hooks.example.com/#x', false],
  ['https:///', false],
  ['hooks.example.com', false],
  ['//hooks.example.com', false],
  ['file:///etc/passwd', false],
  ['ftp://hooks.example.com/', false],
  ['gopher://hooks.example.com/', false],
  ['data:text/plain,x', false],
  ['javascript:1', false],
  ['', false],
])('%s by the list: %s', (url, allowed) => {
  const policy = targetPolicy({
    allow: allow(
      'hooks.example.com',
      '*.example.org',
      'other.example.net:8443',
      'any.example.net:*',
      'http://plain.example.net',
      'bücher.example',
    ),
    allowAddresses: [],
  })
  expect(policy.refusal(url) === undefined).toBe(allowed)
})

test('without a list nothing is allowed', () => {
  const policy = targetPolicy({ allow: [], allowAddresses: ['0.0.0.0/0', '::/0'] })
  expect(policy.refusal('https://hooks.example.com/')).toContain('webhooks.allow has no entry')
})

test.each([
  ['127.0.0.0/8', 'https://127.0.0.1/', true],
  ['127.0.0.0/8', 'https://10.0.0.1/', false],
  ['127.0.0.0/8', 'https://[::ffff:127.0.0.1]/', false],
  ['0.0.0.0/0', 'https://[::ffff:127.0.0.1]/', false],
  ['::1/128', 'https://[::1]/', true],
  ['::1/128', 'https://[::]/', false],
])('with the network %s, %s: %s', (network, url, allowed) => {
  const policy = targetPolicy({ allow: allow(...HOSTS), allowAddresses: [network] })
  expect(policy.refusal(url) === undefined).toBe(allowed)
})

const delivery = (url: string) => ({
  url,
  id: 'a.1.b',
  body: Buffer.from('{}'),
  keys: [Buffer.alloc(32)],
})

const send = (url: string, resolve: Resolve, allowAddresses: readonly string[] = []) =>
  createSender({
    policy: targetPolicy({ allow: allow('https://hooks.example.com:*'), allowAddresses, resolve }),
    timeoutMs: 5_000,
    now: Date.now,
  })(delivery(url), new AbortController().signal)

test.each([
  [['127.0.0.1']],
  [['8.8.8.8', '127.0.0.1']],
  [['::1']],
  [['::ffff:127.0.0.1']],
  [['169.254.169.254']],
  [[]],
])('a name with the addresses %j is connected to nowhere', async (addresses) => {
  const resolve: Resolve = (_name, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  expect(await send('https://hooks.example.com/', resolve)).toMatchObject({
    kind: 'failed',
    code: 'webhook-address-not-allowed',
  })
})

test('a name with addresses that are allowed is connected to', async () => {
  const server = createServer((_request, response) => void response.writeHead(204).end())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const answer = await createSender({
    policy: targetPolicy({
      allow: allow('http://hooks.example.com:*'),
      allowAddresses: ['127.0.0.1/32'],
      resolve: (_name, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    }),
    timeoutMs: 5_000,
    now: Date.now,
  })(delivery(`http://hooks.example.com:${port}/`), new AbortController().signal)
  expect(answer).toEqual({ kind: 'answered', status: 204 })
})

test('a name that changes its address between two questions is connected to where it was checked', async () => {
  const asked: string[] = []
  const resolve: Resolve = (name, done) => {
    asked.push(name)
    done(null, [{ address: asked.length === 1 ? '127.0.0.9' : '127.0.0.1', family: 4 }])
  }
  // Nobody listens at the address that is allowed; whoever asked again would get one that is not.
  expect(await send('https://hooks.example.com:1/', resolve, ['127.0.0.9/32'])).toMatchObject({
    code: 'webhook-target-unreachable',
    detail: 'ECONNREFUSED',
  })
  expect(asked).toEqual(['hooks.example.com'])
})
