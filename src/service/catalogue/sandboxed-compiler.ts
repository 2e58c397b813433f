import type { Result } from '../../engine/index.ts'
import type { Compiled, CompiledRule, RuleCompiler, RuleText } from './compiler.ts'
import { compiled } from './local-compiler.ts'
import type { ReaderAnswers, ReaderRequest } from './rule-reader.ts'
import { createSandbox } from './sandbox.ts'

export interface SandboxedCompilerOptions {
  /** Module of the child process; tests have a worse one. */
  readonly entry?: URL
  readonly timeMsMax?: number
  readonly heapMiBMax?: number
  readonly queueMax?: number
  readonly answered?: (seconds: number) => void
  readonly killed?: (reason: 'time' | 'memory') => void
}

const TIME_MS_MAX = 2_000
const HEAP_MIB_MAX = 128
const QUEUE_MAX = 64
/** Rules read in one go: few enough that honest ones stay far below the time limit. */
const CHUNK = 20

/** Reads rules in a child process with limits on time and memory, so that no text can stall the service or end it. */
export function sandboxedCompiler(options: SandboxedCompilerOptions = {}): RuleCompiler {
  const timeMsMax = options.timeMsMax ?? TIME_MS_MAX
  const heapMiBMax = options.heapMiBMax ?? HEAP_MIB_MAX
  // The built package has JavaScript beside this file, a checkout TypeScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const sandbox = createSandbox({
    entry: options.entry ?? new URL(`./reader-child.${extension}`, import.meta.url),
    timeMsMax,
    heapMiBMax,
    queueMax: options.queueMax ?? QUEUE_MAX,
    ...(options.answered === undefined ? {} : { answered: options.answered }),
    ...(options.killed === undefined ? {} : { killed: options.killed }),
  })

  const ask = async <Kind extends ReaderRequest['kind']>(
    request: Extract<ReaderRequest, { kind: Kind }>,
    text: RuleText | undefined,
  ): Promise<Compiled<ReaderAnswers[Kind]> | { readonly kind: 'killed' }> => {
    const answer = await sandbox.run(request)
    if (answer.kind === 'busy') return answer
    if (answer.kind === 'answer') return compiled(answer.value as Result<ReaderAnswers[Kind]>)
    if (text === undefined) return { kind: 'killed' }
    const limit = answer.reason === 'time' ? `${timeMsMax / 1000} seconds` : `${heapMiBMax} MiB`
    return {
      kind: 'refused',
      problems: [
        {
          code: 'rule-too-expensive',
          severity: 'error',
          message: `reading this rule took more than ${limit} and was stopped`,
          hint: 'make it smaller: fewer steps, shorter expressions, plainer regular expressions',
          at: {
            ...(text.file === undefined ? {} : { file: text.file }),
            line: text.firstLine ?? 1,
            column: 1,
          },
        },
      ],
    }
  }
  const one = async <Kind extends ReaderRequest['kind']>(
    request: Extract<ReaderRequest, { kind: Kind }>,
    text: RuleText,
  ): Promise<Compiled<ReaderAnswers[Kind]>> => {
    const answer = await ask(request, text)
    return answer.kind === 'killed' ? { kind: 'busy' } : answer
  }

  /** A chunk that was killed is read again rule by rule, to find the one. */
  const chunk = async (texts: readonly RuleText[]): Promise<Compiled<readonly CompiledRule[]>> => {
    const [first] = texts
    if (first !== undefined && texts.length === 1) return one({ kind: 'compile', texts }, first)
    const answer = await ask({ kind: 'compile', texts }, undefined)
    if (answer.kind !== 'killed') return answer
    const rules: CompiledRule[] = []
    for (const text of texts) {
      const alone = await one({ kind: 'compile', texts: [text] }, text)
      if (alone.kind !== 'done') return alone
      rules.push(...alone.value)
    }
    return { kind: 'done', value: rules, problems: [] }
  }

  return {
    compile: async (texts) => {
      const rules: CompiledRule[] = []
      const problems = []
      let refused = false
      for (let start = 0; start < texts.length; start += CHUNK) {
        const answer = await chunk(texts.slice(start, start + CHUNK))
        if (answer.kind === 'busy') return answer
        problems.push(...answer.problems)
        if (answer.kind === 'done') rules.push(...answer.value)
        else refused = true
      }
      return refused ? { kind: 'refused', problems } : { kind: 'done', value: rules, problems }
    },
    explain: (text) => one({ kind: 'explain', text }, text),
    test: (text) => one({ kind: 'test', text }, text),
    withStatus: (text, status) => one({ kind: 'status', text, status }, text),
    compare: (before, after) => one({ kind: 'compare', before, after }, after),
    close: () => sandbox.close(),
  }
}
