import type { Result } from '../../engine/index.ts'
import type { Compiled, RuleCompiler } from './compiler.ts'
import { answerReader, type ReaderAnswers, type ReaderRequest } from './rule-reader.ts'

/** Reads rules in this process: for texts of one's own, and for tests. */
export const localCompiler: RuleCompiler = {
  compile: async (texts) => compiled(answer({ kind: 'compile', texts })),
  explain: async (text) => compiled(answer({ kind: 'explain', text })),
  test: async (text) => compiled(answer({ kind: 'test', text })),
  withStatus: async (text, status) => compiled(answer({ kind: 'status', text, status })),
  compare: async (before, after) => compiled(answer({ kind: 'compare', before, after })),
  close: async () => undefined,
}

/** The kind of the request decides the kind of the answer; the type checker cannot see that through the switch. */
const answer = <Kind extends ReaderRequest['kind']>(
  request: Extract<ReaderRequest, { kind: Kind }>,
): Result<ReaderAnswers[Kind]> => answerReader(request) as Result<ReaderAnswers[Kind]>

export const compiled = <T>(result: Result<T>): Compiled<T> =>
  result.ok
    ? { kind: 'done', value: result.value, problems: result.problems }
    : { kind: 'refused', problems: result.problems }
