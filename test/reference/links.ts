import type { Contiguity, Pattern } from '../../src/engine/index.ts'
import type { Token, Word } from './words.ts'

/** An absence with its own end: so long after the last event, or at the limit of a group or (`undefined`) of the whole. */
export interface TimedAbsence {
  readonly events: readonly string[]
  readonly forMs: number | undefined
  readonly group: Pattern | undefined
}

/** What a reading of the pattern asks between one taken event and the next, or the end. */
export interface Link {
  /** What the next event may be; undefined at the end of the pattern. */
  readonly next: { readonly events: readonly string[]; readonly until: string | undefined } | undefined
  readonly contiguity: Contiguity
  readonly limitMs: number
  readonly banned: readonly string[]
  readonly bannedNext: readonly string[]
  readonly timed: readonly TimedAbsence[]
  readonly greedy: readonly string[]
  readonly greedyUntil: readonly string[]
  readonly closedBy: readonly string[]
  /** Limited groups that go on over the link, and those that the next event starts. */
  readonly held: readonly Pattern[]
  readonly opened: readonly Pattern[]
}

/** The links of a word: before its first event, between its events, and after its last unless the word is cut off. */
export function linksOf(pattern: Pattern, word: Word): Link[] {
  const links: Link[] = []
  let between: Token[] = []
  const open: Pattern[] = []
  let openAtLast: Pattern[] = []
  const finish = (next: Link['next']): void => {
    links.push(linkOf(pattern, between, next, links.length === 0, openAtLast))
    between = []
    openAtLast = [...open]
  }
  for (const token of word) {
    if (token.kind === 'open') open.push(token.group)
    if (token.kind === 'close') open.pop()
    if (token.kind === 'take') finish({ events: token.events, until: token.until })
    else between.push(token)
  }
  if (word.at(-1)?.kind !== 'cut') finish(undefined)
  return links
}

function linkOf(
  pattern: Pattern,
  tokens: readonly Token[],
  next: Link['next'],
  isFirst: boolean,
  openAtLast: readonly Pattern[],
): Link {
  const going = [...openAtLast]
  const opened: Pattern[] = []
  const banned: string[] = []
  const bannedNext: string[] = []
  const timed: TimedAbsence[] = []
  const greedy: string[] = []
  const greedyUntil: string[] = []
  const closedBy: string[] = []
  let limitMs = Number.POSITIVE_INFINITY
  let contiguity: Contiguity | undefined
  // Absences that no step follows so far, not even a skipped one.
  let last: string[] = []
  let lastNext: string[] = []

  for (const token of tokens) {
    switch (token.kind) {
      case 'enter':
        contiguity ??= token.contiguity
        limitMs = Math.min(limitMs, token.limitMs)
        break
      case 'again':
        contiguity = token.contiguity
        limitMs = Math.min(limitMs, token.limitMs)
        banned.push(...token.banned)
        if (token.until !== undefined) closedBy.push(token.until)
        break
      case 'leave':
      case 'skip':
        greedy.push(...token.greedy)
        if (token.greedy.length > 0 && token.until !== undefined) greedyUntil.push(token.until)
        if (token.kind === 'skip') {
          contiguity = undefined
          last = []
          lastNext = []
        }
        break
      case 'absence':
        if (token.forMs !== undefined)
          timed.push({ events: token.events, forMs: token.forMs, group: undefined })
        else if (token.strict) {
          bannedNext.push(...token.events)
          lastNext.push(...token.events)
        } else {
          banned.push(...token.events)
          last.push(...token.events)
        }
        break
      case 'open':
        opened.push(token.group)
        break
      case 'close':
        if (token.group.withinMs !== undefined && last.length > 0) {
          timed.push({ events: last, forMs: undefined, group: token.group })
          for (const event of last) banned.splice(banned.lastIndexOf(event), 1)
          last = []
        }
        going.splice(going.lastIndexOf(token.group), 1)
        break
      case 'take':
      case 'cut':
        break
    }
  }
  if (next === undefined) {
    const lasts = timed.length > 0 ? last : []
    if (timed.length === 0 && last.length > 0)
      timed.push({ events: last, forMs: undefined, group: undefined })
    return {
      next,
      contiguity: 'relaxed',
      limitMs: Number.POSITIVE_INFINITY,
      banned: lasts,
      bannedNext: lastNext,
      timed,
      greedy: [],
      greedyUntil: [],
      closedBy: [],
      held: [],
      opened: [],
    }
  }
  if (!isFirst) banned.push(...(pattern.without ?? []))
  for (const group of going) banned.push(...(group.without ?? []))
  return {
    next,
    contiguity: contiguity ?? 'relaxed',
    limitMs,
    banned,
    bannedNext,
    timed,
    greedy,
    greedyUntil,
    closedBy,
    held: going.filter((group) => group.withinMs !== undefined),
    opened: opened.filter((group) => group.withinMs !== undefined),
  }
}
