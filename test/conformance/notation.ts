import {
  type AfterMatch,
  type Contiguity,
  compilePattern,
  createKeyedMatcher,
  durationMs,
  eventTime,
  type Match,
  type Pattern,
  type PatternStep,
  type Quantifier,
  type StreamEvent,
  streamSequence,
} from '../../src/engine/index.ts'

/**
 * The shorthand of the tables. A pattern is steps with the hop before each: `a > b` followed by, `a . b` immediately followed by,
 * `a >> b` followed by any; `!n` not followed by, `!!n` not next, `!n/for=5` nothing for 5 ms. A step may carry `?`, `+`, `*`,
 * `{n}`, `{n,}` or `{n,m}` and flags: `/g` greedy, `/s` and `/n` strict and non-deterministic inner contiguity, `/u=x` until x,
 * `/gap=3`, `/hop=3`. `( … )` is a group, `( … | … )` a choice, `&a,b,c/least=2` any order. Behind `;` stand `within=10`,
 * `without=n`, `skip=next|past-last|first:a|last:a`, `or-fail`, `having=even`, and for groups `(… ; within=5)`.
 * A history is events one millisecond apart; `a@7` sets the clock, `a/b` satisfies both, `-@9` only lets time pass.
 */
export interface Shorthand {
  readonly pattern: Pattern
  readonly afterMatch: AfterMatch
  readonly names: readonly string[]
  readonly having: boolean
}

const HOPS: Record<string, Contiguity> = { '>': 'relaxed', '.': 'strict', '>>': 'non-deterministic-relaxed' }

export function readShorthand(text: string): Shorthand {
  const tokens = text
    .replace(/\(/g, ' ( ')
    .replace(/\)/g, ' )')
    .replace(/[|;]/g, ' $& ')
    .split(/\s+/)
    .filter((token) => token !== '')
  const names = new Set<string>()
  const options = new Map<string, string>()
  let at = 0

  const nameOf = (name: string): string => {
    names.add(name)
    return name
  }
  const readSequence = (isTop: boolean): Pattern => {
    const steps: PatternStep[] = []
    let own: { within?: string | undefined; without?: string | undefined } = {}
    let hop: Contiguity = 'relaxed'
    for (
      let token = tokens[at];
      token !== undefined && !token.startsWith(')') && token !== '|';
      token = tokens[at]
    ) {
      at++
      if (token === ';') {
        for (let option = tokens[at]; option !== undefined && !/^[)|]/.test(option); option = tokens[++at]) {
          const [key = '', value = ''] = option.split('=')
          if (isTop) options.set(key, value)
          else own = { ...own, [key]: value }
        }
        break
      }
      const contiguity = HOPS[token]
      if (contiguity !== undefined) hop = contiguity
      else steps.push(token === '(' ? readParentheses(hop) : readStep(token, hop))
    }
    if (isTop) own = { within: options.get('within'), without: options.get('without') }
    return {
      steps,
      ...(own.within === undefined ? {} : { withinMs: durationMs(Number(own.within)) }),
      ...(own.without === undefined ? {} : { without: own.without.split(',').map(nameOf) }),
    }
  }
  const readParentheses = (contiguity: Contiguity): PatternStep => {
    const branches = [readSequence(false)]
    while (tokens[at] === '|') {
      at++
      branches.push(readSequence(false))
    }
    const positive = readPositive((tokens[at++] ?? '').slice(1), contiguity)
    const [only] = branches
    return branches.length === 1 && only !== undefined
      ? { kind: 'group', ...only, ...positive }
      : { kind: 'choice', branches, ...positive }
  }
  const readStep = (token: string, contiguity: Contiguity): PatternStep => {
    if (token.startsWith('!')) {
      const [, strict, name = '', forMs] = /^!(!?)([^/]+)(?:\/for=(\d+))?$/.exec(token) ?? []
      return {
        kind: 'absence',
        events: name.split(',').map(nameOf),
        contiguity: strict === '!' ? 'strict' : 'relaxed',
        ...(forMs === undefined ? {} : { forMs: durationMs(Number(forMs)) }),
      }
    }
    const [, mark, list = '', rest = ''] = /^(&?)([a-z,]+)(.*)$/.exec(token) ?? []
    const events = list.split(',').map(nameOf)
    if (mark === '&') {
      const least = /\/least=(\d+)/.exec(rest)?.[1]
      const positive = readPositive(rest, contiguity)
      return {
        kind: 'any-order',
        members: events,
        ...(least === undefined ? {} : { atLeast: Number(least) }),
        ...positive,
      }
    }
    return { kind: 'event', events, ...readPositive(rest, contiguity) }
  }
  const readPositive = (
    rest: string,
    contiguity: Contiguity,
  ): { contiguity: Contiguity; quantifier?: Quantifier; hopMs?: ReturnType<typeof durationMs> } => {
    const flag = (name: string): string | undefined => new RegExp(`/${name}=(\\w+)`).exec(rest)?.[1]
    const counts = /^([?+*]|\{\d+(?:,\d*)?\})?(\?)?/.exec(rest)
    const quantity = counts?.[1]
    const hop = flag('hop')
    const until = flag('u')
    const gap = flag('gap')
    const hopMs = hop === undefined ? {} : { hopMs: durationMs(Number(hop)) }
    if (quantity === undefined) return { contiguity, ...hopMs }
    const [, least = '1', comma, most = ''] =
      /^\{(\d+)(,(\d*))?\}$/.exec(quantity)?.map((part) => part ?? undefined) ?? []
    const isOptional = quantity === '?' || quantity === '*' || counts?.[2] === '?'
    const isOpen = quantity === '+' || quantity === '*' || comma === ','
    const max = quantity === '?' ? 1 : isOpen ? undefined : Number((comma ?? `,${least}`).slice(1) || most)
    return {
      contiguity,
      ...hopMs,
      quantifier: {
        min: Number(least),
        ...(max === undefined ? {} : { max }),
        ...(isOptional ? { optional: true } : {}),
        ...(/\/g(\/|$)/.test(rest) ? { greedy: true } : {}),
        ...(/\/s(\/|$)/.test(rest) ? { inner: 'strict' } : {}),
        ...(/\/n(\/|$)/.test(rest) ? { inner: 'non-deterministic-relaxed' } : {}),
        ...(gap === undefined ? {} : { gapMs: durationMs(Number(gap)) }),
        ...(until === undefined ? {} : { until: nameOf(until) }),
      },
    }
  }

  const pattern = readSequence(true)
  const [strategy = 'none', step = ''] = (options.get('skip') ?? 'none').split(':')
  const orFail = options.has('or-fail') ? { orFail: true } : {}
  const strategies: Record<string, AfterMatch> = {
    none: { kind: 'no-skip' },
    next: { kind: 'skip-to-next' },
    'past-last': { kind: 'skip-past-last-event' },
    first: { kind: 'skip-to-first', step, ...orFail },
    last: { kind: 'skip-to-last', step, ...orFail },
  }
  return {
    pattern,
    afterMatch: strategies[strategy] ?? { kind: 'no-skip' },
    names: [...names],
    having: options.has('having'),
  }
}

/** What the matcher says about a history: matches as `a0 b2`, those that time completes with `@time`, `timeout a0 @time`. */
export const outcomeOf = (text: string, history: string): string[] =>
  outcomeOfPattern(readShorthand(text), history)

export function outcomeOfPattern(
  { pattern, afterMatch, names, having }: Shorthand,
  history: string,
): string[] {
  const compiled = compilePattern({
    pattern,
    afterMatch,
    slots: names,
    conditional: new Set(),
    hasHaving: having,
    reportsTimeouts: true,
    partialMatchesMax: 1000,
  })
  if (!compiled.ok) return compiled.problems.map((problem) => `refused: ${problem.code}`)
  const out: string[] = []
  const note = (kind: string, match: Match): void => {
    const taken = match.events
      .flatMap((events, slot) => events.map((event) => ({ event, text: `${names[slot]}${event.id}` })))
      .sort((left, right) => left.event.sequence - right.event.sequence)
      .map((each) => each.text)
    out.push(`${kind}${taken.join(' ')}${match.completedBy === undefined ? ` @${match.completedAt}` : ''}`)
  }
  const matcher = createKeyedMatcher(compiled.value, {
    condition: () => true,
    accept: (match) => match.events.reduce((count, events) => count + events.length, 0) % 2 === 0,
    matched: (match) => note('', match),
    timedOut: (match) => note('timeout ', match),
    shed: () => undefined,
    skipMissed: (match, step) => note(`missed ${step} `, match),
  })
  let time = -1
  let index = 0
  for (const token of history.split(/\s+/).filter((each) => each !== '')) {
    const [satisfied = '', at] = token.split('@')
    time = at === undefined ? time + 1 : Number(at)
    matcher.advance(eventTime(time))
    if (satisfied === '-') continue
    let mask = 0
    for (const name of satisfied.split('/')) if (names.includes(name)) mask |= 1 << names.indexOf(name)
    const event: StreamEvent = {
      sequence: streamSequence(index + 1),
      time: eventTime(time),
      ingestedAt: eventTime(time),
      subject: 'table',
      id: String(index),
      data: {},
    }
    index++
    matcher.process('key', event, mask)
  }
  return out
}
