import type { Case, ExpectedTimeout, Stages } from './corpus.ts'

export type Emission =
  | {
      readonly kind: 'match' | 'timeout'
      readonly stages: Stages
      readonly ts: number
      readonly emittedAt: number
    }
  | { readonly kind: 'late'; readonly event: number; readonly emittedAt: number }

export type Outcome =
  | {
      readonly kind: 'ran'
      readonly out: readonly Emission[]
      /** Keys with live state at the end. */
      readonly partialMatches: number
      readonly buffered: number
    }
  | { readonly kind: 'error'; readonly error: string; readonly why: string }

const canonical = (stages: Stages): string =>
  JSON.stringify(Object.entries(stages).sort(([left], [right]) => (left < right ? -1 : 1)))

const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort()

const difference = (left: readonly string[], right: readonly string[]): string[] => {
  const rest = [...right]
  return left.filter((text) => {
    const at = rest.indexOf(text)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

const timeoutText = (timeout: { readonly stages: Stages; readonly ts: number }): string =>
  `${canonical(timeout.stages)}@${timeout.ts}`

/** What differs between what the case expects and what came out; empty when it passes. */
export function differences(source: Case, outcome: Outcome): readonly string[] {
  if (source.expectError !== undefined) {
    const got = outcome.kind === 'error' ? outcome.error : 'no error'
    return got === source.expectError ? [] : [`expected ${source.expectError}, got ${got}`]
  }
  if (outcome.kind === 'error') return [`failed: ${outcome.error}: ${outcome.why}`]

  const found: string[] = []
  const compare = (what: string, expected: readonly string[], got: readonly string[]): void => {
    const missing = difference(sorted(expected), got)
    const extra = difference(sorted(got), expected)
    if (missing.length > 0) found.push(`${what} missing: ${missing.join(' ')}`)
    if (extra.length > 0) found.push(`${what} unexpected: ${extra.join(' ')}`)
  }
  const of = (kind: Emission['kind']): readonly Emission[] => outcome.out.filter((each) => each.kind === kind)
  const expectedMatches = source.expectedStages ?? source.engineStages
  if (expectedMatches !== undefined) {
    const withWhen = source.emittedAt !== undefined
    compare(
      'matches',
      expectedMatches.map((stages, at) => canonical(stages) + (withWhen ? `#${source.emittedAt?.[at]}` : '')),
      of('match').map((each) =>
        each.kind === 'late' ? '' : canonical(each.stages) + (withWhen ? `#${each.emittedAt}` : ''),
      ),
    )
  }
  const timeouts: readonly ExpectedTimeout[] | undefined = source.expectedTimeouts ?? source.engineTimeouts
  if (timeouts !== undefined)
    compare(
      'timeouts',
      [...new Set(timeouts.map(timeoutText))],
      [...new Set(of('timeout').map((each) => (each.kind === 'late' ? '' : timeoutText(each))))],
    )
  if (source.expectedLate !== undefined)
    compare(
      'late',
      source.expectedLate.map(String),
      of('late').map((each) => (each.kind === 'late' ? String(each.event) : '')),
    )
  if (source.expectEmptyState === true && (outcome.partialMatches > 0 || outcome.buffered > 0))
    found.push(`state left: ${outcome.partialMatches} keys, ${outcome.buffered} buffered events`)
  return found
}
