import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMPOSE } from '../../src/cli/commands/init/starter.ts'
import { loadConfig } from '../../src/service/index.ts'
import { ROOT } from './pages.ts'

interface Instruction {
  readonly name: string
  readonly words: string
}

/** The instructions of a Dockerfile, continued lines joined, comments left out. */
function instructions(text: string): readonly Instruction[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', words = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
      return { name, words }
    })
}

const KNOWN = [
  'FROM',
  'RUN',
  'WORKDIR',
  'COPY',
  'ENV',
  'USER',
  'VOLUME',
  'EXPOSE',
  'STOPSIGNAL',
  'HEALTHCHECK',
  'ENTRYPOINT',
  'CMD',
]
const PINNED = /^[a-z0-9./-]+:\d+\.\d+\.\d+(-[a-z0-9.-]+)?$/

test('the image is built in stages and runs as nobody in particular', () => {
  const all = instructions(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  expect(all.filter(({ name }) => !KNOWN.includes(name))).toEqual([])
  const from = all.filter(({ name }) => name === 'FROM').map(({ words }) => words.split(' ')[0])
  expect(from.length).toBeGreaterThanOrEqual(3)
  for (const image of from) expect(image).toMatch(PINNED)
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(from.at(-1)).toContain(`node:${dependencies.node}-`)
  const last = all.slice(all.findLastIndex(({ name }) => name === 'FROM'))
  const wordsOf = (name: string) =>
    last.filter((instruction) => instruction.name === name).map(({ words }) => words)
  expect(wordsOf('USER')).toEqual(['10001:10001'])
  expect(last.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
    last.findLastIndex(({ name }) => name === 'RUN'),
  )
  expect(wordsOf('HEALTHCHECK')[0]).toContain('/livez')
  for (const name of ['ENTRYPOINT', 'CMD']) expect(JSON.parse(wordsOf(name)[0] ?? '')).toBeInstanceOf(Array)
  expect(JSON.parse(/CMD (\[.*\])$/.exec(wordsOf('HEALTHCHECK')[0] ?? '')?.[1] ?? '')[0]).toBe('node')
  expect(wordsOf('VOLUME')).toEqual(['/data'])
})

test('what is copied is there and not ignored', () => {
  const all = instructions(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n')
  expect(ignore).toContain('*')
  for (const { words } of all.filter(({ name, words }) => name === 'COPY' && !words.startsWith('--from')))
    for (const source of words.split(' ').slice(0, -1)) {
      expect([source, existsSync(join(ROOT, source))]).toEqual([source, true])
      expect(ignore).toContain(`!${source}`)
    }
})

test('compose runs pinned images, read-only, with health checks, on loopback', () => {
  const { services, volumes } = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'))
  expect(Object.keys(services)).toEqual(['nats', 'sequitur'])
  for (const { image, ports, volumes: mounts } of Object.values<{
    image: string
    ports: string[]
    volumes: string[]
  }>(services)) {
    expect(image).toMatch(PINNED)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    for (const mount of mounts) expect(Object.keys(volumes)).toContain(mount.split(':')[0])
  }
  expect(services.nats.healthcheck.test[0]).toBe('CMD')
  expect(services.nats.command).toContain('--jetstream')
  expect(services.sequitur).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    depends_on: { nats: { condition: 'service_healthy' } },
  })
})

test('the service accepts the settings that the container gives it', () => {
  const { services } = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'))
  const given = Object.entries<string>(services.sequitur.environment).map(([name, text]) => [
    name,
    text
      .replace(/\$\{SEQUITUR_API_KEY_HASH:[^}]*\}/, `sha256:${'0'.repeat(64)}`)
      .replace(/\$\{\w+:-([^}]*)\}/, '$1'),
  ])
  const image = instructions(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).findLast(
    ({ name }) => name === 'ENV',
  )
  const set = (image?.words ?? '').split(/\s+/).map((pair) => pair.split('='))
  const config = loadConfig({ environment: Object.fromEntries([...set, ...given]), workingFolder: '/' })
  expect(config.problems).toEqual([])
  expect(
    config.ok && [config.value.http.host, config.value.dataDir, config.value.auth.apiKeys[0]?.id],
  ).toEqual(['0.0.0.0', '/data', 'dev'])
})

test('what init writes is pinned too', () => {
  const { services } = parse(COMPOSE)
  expect(services.nats.image).toMatch(PINNED)
})

test('however it is started, Node has the same options', () => {
  const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
  const entry = instructions(read('Dockerfile')).findLast(({ name }) => name === 'ENTRYPOINT')
  const { scripts } = JSON.parse(read('package.json'))
  const [executable] = read('src/cli/main.ts').split('\n')
  const optionsIn = (words: unknown): string[] => String(words).match(/--[a-z-]+(=\w+)?/g) ?? []
  const options = optionsIn(executable)
  expect(options).not.toEqual([])
  for (const words of [entry?.words, scripts.start, scripts.sequitur, scripts.demo])
    expect(optionsIn(words)).toEqual(options)
})
