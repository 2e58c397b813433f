import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Run, runRules } from '../../bench/hostile/running.ts'
import { manyRules, mixEvents } from '../../bench/support/many-rules.ts'
import { random } from '../../bench/support/traffic.ts'
import {
  compileRule,
  createPartition,
  type Effect,
  eventTime,
  type JsonObject,
  type LogEntry,
  type RuleProgram,
  readRules,
  streamSequence,
} from '../../src/engine/index.ts'
import { sandboxedCompiler } from '../../src/service/catalogue/index.ts'
import { startFakeApi } from '../support/api.ts'
import { HOSTILE_KINDS, HOSTILE_NAMESPACE, type HostileRule, hostileRules } from '../support/hostile-rules.ts'
import { shippedRules } from '../support/shipped-rules.ts'

/*
 * The short form of `npm run bench:hostile`: what is refused is refused with a code, and what is accepted is contained. It asks for
 * counted work and for what comes out, never for time.
 */

const rules = hostileRules(HOSTILE_KINDS.length, random(7))
const ENTRIES = 4_000
const NOW = Date.parse('2026-03-01T00:00:00Z')

function programOf(text: string): RuleProgram | undefined {
  const read = readRules(text)
  const compiled =
    read.ok && read.value[0] !== undefined ? compileRule(read.value[0], { version: 1 }) : undefined
  return compiled?.ok === true ? compiled.value : undefined
}

describe('the API', () => {
  const compiler = sandboxedCompiler()
  const api = startFakeApi({ compiler })
  afterAll(async () => {
    await (await api).app.close()
    await compiler.close()
  })

  const put = async ({ id, text }: HostileRule) =>
    (await api).app.inject({
      method: 'PUT',
      url: `/v1/rules/${id}`,
      payload: text,
      headers: { 'content-type': 'application/yaml' },
    })

  test.each(rules.map((rule) => [rule.kind, rule] as const))('takes or refuses: %s', async (_, rule) => {
    const answer = await put(rule)
    expect([201, 422]).toContain(answer.statusCode)
    expect(answer.statusCode === 201).toBe(programOf(rule.text) !== undefined)
    if (answer.statusCode === 201) return
    const { errors } = answer.json<{ errors: ReadonlyArray<{ code: string; severity: string }> }>()
    expect(errors.filter(({ severity }) => severity === 'error').length).toBeGreaterThan(0)
    for (const { code } of errors) expect(code).toMatch(/^[a-z-]+$/)
  })
})

describe('a partition', () => {
  const packs = shippedRules().flatMap(({ source }) => programOf(source) ?? [])
  const hostile = rules.flatMap(({ text }) => programOf(text) ?? [])
  const isNeighbours = ({ kind, subject, payload }: Effect): boolean =>
    kind !== 'notice' && !subject.includes('hostile-') && !payload.includes('"rule":"hostile-')
  const ran: { alone?: Run | undefined; beside?: Run | undefined; guests?: Run | undefined } = {}
  beforeAll(() => {
    const all = [...packs, ...hostile]
    ;[ran.alone, ran.beside, ran.guests] = runRules(
      [{ programs: packs }, { programs: all }, { programs: all, guests: [HOSTILE_NAMESPACE] }],
      ENTRIES,
      isNeighbours,
    )
  })
  const statisticsOf = (kind: string) => {
    const id = rules.find((rule) => rule.kind === kind)?.id
    return ran.beside?.rules.find((rule) => rule.id === id)
  }

  test('says the same of the shipped rules, with hostile ones or without', () => {
    expect(ran.beside?.effects.length).toBeGreaterThan(5)
    expect(ran.beside?.effects).toEqual(ran.alone?.effects)
    const shipped = (run: typeof ran.alone) => run?.rules.filter(({ id }) => !id.startsWith('hostile-'))
    expect(shipped(ran.beside)).toEqual(shipped(ran.alone))
  })

  test('lets no rule use much more than it may', () => {
    // Some seconds' worth; those that use nearly all that an evaluation may would use ten million.
    const most = 300_000
    for (const { id, fuel } of ran.beside?.rules ?? []) expect(fuel, id).toBeLessThan(most)
  })

  test('comes nowhere near the limit with the shipped rules', () => {
    for (const { id, fuel } of ran.alone?.rules ?? []) expect(fuel / ENTRIES, id).toBeLessThan(0.2)
  })

  test.each([
    'recursion that doubles',
    'text that doubles',
    'nested arrays',
    'quadratic distinct',
    'sorting with a costly order',
    'nearly all fuel, then false',
    'nearly all fuel, then an error',
    'a key that costs',
    'any combination',
    'waits for what never comes',
    'alerts with bombs in them',
    'exceptions that cost',
    'timeouts in crowds',
  ])('suspends: %s', (kind) => expect(statisticsOf(kind)?.state).toBe('suspended'))

  test('says the same of the shipped rules when the others are guests, of whom few are left', () => {
    expect(ran.guests?.effects).toEqual(ran.alone?.effects)
    const running = ran.guests?.rules.filter(
      ({ id, state }) => id.startsWith('hostile-') && state === 'running',
    )
    expect(running?.length).toBeLessThan(hostile.length / 4)
  })
})

describe('rules as people write them', () => {
  /** Events of a log that is read as fast as can be: no event time passes, so least fuel comes with each. */
  const logOf = (events: readonly JsonObject[]): LogEntry[] =>
    events.map((event, index) => ({
      sequence: streamSequence(index + 1),
      subject: 'bench.event',
      ingestedAt: eventTime(NOW),
      payload: new TextEncoder().encode(JSON.stringify(event)),
    }))

  test.each(['few', 'many'] as const)('ten thousand of them are charged nothing (%s)', (mix) => {
    const programs = manyRules(10_000, mix).map((where, index) => {
      const rule = { rule: `r${index}`, by: 'user', events: { e: { from: 'bench.>', where } }, pattern: 'e' }
      return programOf(JSON.stringify(rule)) as RuleProgram
    })
    const rules = programs.map((program) => ({ program }))
    const partition = createPartition({ index: 0, count: 1, stream: 'BENCH', rules })
    partition.process(logOf(mixEvents(mix === 'few' ? 2_000 : 400)))
    const statistics = partition.ruleStatistics()
    expect(statistics.some(({ alerts }) => alerts > 0)).toBe(true)
    for (const { id, fuel, suspensions } of statistics) expect([id, fuel, suspensions]).toEqual([id, 0, 0])
  })

  test('one that alerts for every event of a small log is not suspended', () => {
    const rule = { rule: 'all', by: 'user', events: { e: 'bench.>' }, pattern: 'e', suppress: false }
    const program = programOf(JSON.stringify(rule)) as RuleProgram
    const partition = createPartition({ index: 0, count: 1, stream: 'BENCH', rules: [{ program }] })
    partition.process(logOf(mixEvents(3_000)))
    expect(partition.statisticsOf('all')).toMatchObject({ alerts: 3_000, suspensions: 0, fuel: 0 })
  })

  test('one that looks into every order of forty a second is not suspended', () => {
    const orders = { from: 'bench.>', where: '$count(lines[price * quantity > 100]) > 1' }
    const rule = { rule: 'orders', by: 'user', events: { e: orders }, pattern: 'e' }
    const program = programOf(JSON.stringify(rule)) as RuleProgram
    const partition = createPartition({ index: 0, count: 1, stream: 'BENCH', rules: [{ program }] })
    const lines = Array.from({ length: 5 }, (_, price) => ({ price: 40 * price, quantity: 2 }))
    const log = logOf(mixEvents(8_000).map((event) => ({ ...event, lines })))
    partition.process(log.map((entry, index) => ({ ...entry, ingestedAt: eventTime(NOW + index * 25) })))
    expect(partition.statisticsOf('orders')).toMatchObject({ suspensions: 0 })
    expect(partition.statisticsOf('orders')?.fuel).toBeGreaterThan(8_000)
  })
})
