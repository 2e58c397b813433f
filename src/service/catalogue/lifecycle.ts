import type { Problem } from '../../engine/index.ts'
import type { Catalogue, Expectation, Revision, WriteOutcome } from './catalogue.ts'
import { keepProblems, namespaceDiffers, runs, shareProblems } from './change-problems.ts'
import type { RuleCompiler, RuleText } from './compiler.ts'
import { type CandidatePut, type RulePut, versionInForce } from './record.ts'
import type { WriteBy } from './write-by.ts'

export type LifecycleOutcome =
  | WriteOutcome
  /** A candidate runs beside a version that runs. */
  | { readonly kind: 'not-running'; readonly status: RulePut['status'] }
  | { readonly kind: 'no-candidate' }
  | { readonly kind: 'nothing-before' }

/** What a candidate and the version in force become of each other. Every step is a version of the rule. */
export class RuleLifecycle {
  readonly #catalogue: Catalogue
  readonly #compiler: RuleCompiler

  constructor(options: { readonly catalogue: Catalogue; readonly compiler: RuleCompiler }) {
    this.#catalogue = options.catalogue
    this.#compiler = options.compiler
  }

  /** Runs a text beside the version in force; it replaces the candidate that is there. */
  async putCandidate(
    id: string,
    candidate: { readonly text: RuleText; readonly share: number },
    expected: Expectation,
    by: WriteBy,
  ): Promise<LifecycleOutcome> {
    const { text, share } = candidate
    const checked = await this.#catalogue.check([text])
    if (checked.kind === 'busy') return checked
    const rule = checked.kind === 'done' ? checked.value[0] : undefined
    const { problems } = checked
    if (rule === undefined) return { kind: 'invalid', problems }
    if (rule.id !== id) return { kind: 'invalid', problems: [...problems, otherRule(id, rule.id)] }
    return this.#revise(id, expected, by, async (record) => {
      if (!runs(record)) return { kind: 'not-running', status: record.status }
      if (record.summary?.namespace !== rule.summary.namespace)
        return { kind: 'invalid', problems: [namespaceDiffers(rule.summary.namespace)] }
      const refused = await this.#shareRefused(record, text, share)
      if (refused !== undefined) return refused
      const { candidate: before } = record
      if (before?.source === text.text && before.format === text.format && before.share === share)
        return { kind: 'revision', record: undefined, problems }
      const beside: CandidatePut = {
        id,
        version: record.version + 1,
        at: this.#catalogue.now(),
        ...(by.author === undefined ? {} : { author: by.author }),
        ...(by.reason === undefined ? {} : { reason: by.reason }),
        share,
        format: text.format,
        source: text.text,
        summary: rule.summary,
      }
      return {
        kind: 'revision',
        record: { ...inForceOf(record), candidate: beside, did: 'candidate' },
        problems,
      }
    })
  }

  /** Lets the candidate decide so many percent of the keys. */
  setShare(id: string, share: number, expected: Expectation, by: WriteBy): Promise<LifecycleOutcome> {
    return this.#revise(id, expected, by, async (record) => {
      const { candidate } = record
      if (candidate === undefined) return { kind: 'no-candidate' }
      const refused = await this.#shareRefused(record, textOf(candidate), share)
      if (refused !== undefined) return refused
      if (candidate.share === share) return { kind: 'revision', record: undefined, problems: [] }
      const changed = { ...inForceOf(record), candidate: { ...candidate, share }, did: 'share' } as const
      return { kind: 'revision', record: changed, problems: [] }
    })
  }

  /** The candidate becomes the version in force, in the status of the one before. */
  promote(id: string, expected: Expectation, by: WriteBy): Promise<LifecycleOutcome> {
    return this.#revise(id, expected, by, async (record) => {
      const { candidate, status } = record
      if (candidate === undefined) return { kind: 'no-candidate' }
      const { format } = candidate
      if (by.partialMatches === 'keep') {
        const compared = await this.#compiler.compare(textOf(record), textOf(candidate))
        if (compared.kind === 'busy') return compared
        const problems = compared.kind === 'done' ? keepProblems(compared.value) : compared.problems
        if (problems.length > 0) return { kind: 'invalid', problems }
      }
      const checked = await this.#catalogue.check([textOf(candidate)])
      if (checked.kind === 'busy') return checked
      if (checked.kind === 'refused') return { kind: 'invalid', problems: checked.problems }
      let { source } = candidate
      if (checked.value[0]?.status !== status) {
        const changed = await this.#compiler.withStatus(textOf(candidate), status)
        if (changed.kind === 'busy') return changed
        if (changed.kind === 'refused') return { kind: 'invalid', problems: changed.problems }
        source = changed.value
      }
      return {
        kind: 'revision',
        record: {
          status,
          format,
          source,
          ...(candidate.summary === undefined ? {} : { summary: candidate.summary }),
          did: 'promotion',
          promoted: candidate.version,
          previous: versionInForce(record),
          ...(by.partialMatches === undefined ? {} : { partialMatches: by.partialMatches }),
        },
        problems: checked.problems,
      }
    })
  }

  /** Takes the candidate away; without one, puts back the version that was in force before the last promotion. */
  async rollback(id: string, expected: Expectation, by: WriteBy): Promise<LifecycleOutcome> {
    const current = await this.#catalogue.get(id)
    if (current === undefined) return { kind: 'not-found' }
    const { candidate, previous } = current.record
    if (candidate === undefined) {
      if (previous === undefined) return { kind: 'nothing-before' }
      // What was read here must still be there when it is written.
      const seen: Expectation =
        expected.kind === 'unstated' ? { kind: 'revision', revision: current.revision } : expected
      return this.#catalogue.restore(id, previous, seen, by, 'rollback')
    }
    return this.#revise(id, expected, by, async (record) =>
      record.candidate === undefined
        ? { kind: 'no-candidate' }
        : { kind: 'revision', record: { ...inForceOf(record), did: 'withdrawal' }, problems: [] },
    )
  }

  async #shareRefused(
    record: RulePut,
    candidate: RuleText,
    share: number,
  ): Promise<Extract<WriteOutcome, { kind: 'busy' | 'invalid' }> | undefined> {
    if (share === 0) return undefined
    const compared = await this.#compiler.compare(textOf(record), candidate)
    if (compared.kind === 'busy') return compared
    const problems = compared.kind === 'done' ? shareProblems(compared.value, share) : compared.problems
    return problems.length === 0 ? undefined : { kind: 'invalid', problems }
  }

  /** `change` may also find that nothing can be done, in words that only this class has. */
  async #revise(
    id: string,
    expected: Expectation,
    by: WriteBy,
    change: (record: RulePut) => Promise<Revision | LifecycleOutcome>,
  ): Promise<LifecycleOutcome> {
    let refusal: LifecycleOutcome | undefined
    const outcome = await this.#catalogue.revise(id, expected, by, async (record) => {
      refusal = undefined
      const changed = await change(record)
      switch (changed.kind) {
        case 'not-running':
        case 'no-candidate':
        case 'nothing-before':
          refusal = changed
          return { kind: 'not-found' }
        default:
          return changed
      }
    })
    return refusal ?? outcome
  }
}

const textOf = ({ source, format }: Pick<RulePut, 'source' | 'format'>): RuleText => ({
  text: source,
  format,
})

/** What a version that changes no text in force takes over from the one before. */
function inForceOf(record: RulePut): NonNullable<Revision['record']> {
  const { status, format, source, summary, previous } = record
  return {
    status,
    format,
    source,
    textVersion: versionInForce(record),
    ...(summary === undefined ? {} : { summary }),
    ...(previous === undefined ? {} : { previous }),
  }
}

const otherRule = (wanted: string, found: string): Problem => ({
  code: 'rule-id-differs',
  severity: 'error',
  message: `the address names the rule ${wanted}, the text ${found}`,
  hint: `a candidate is a version of the rule it runs beside: write rule: ${wanted}`,
  at: { pointer: '/rule' },
})
