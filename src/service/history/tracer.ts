import type { Problem } from '../../engine/index.ts'
import { createSandbox } from '../catalogue/index.ts'
import {
  createTraceAnswerer,
  type TraceAnswer,
  type TraceAnswers,
  type TraceRequest,
} from './trace-requests.ts'

export type Traced<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** Too many ask, or the child took too long or too much memory. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'too-expensive' }

/** Runs rules over history somewhere where that stalls nobody. */
export interface Tracer {
  ask<Kind extends TraceRequest['kind']>(
    request: Extract<TraceRequest, { kind: Kind }>,
  ): Promise<Traced<TraceAnswers[Kind]>>
  close(): Promise<void>
}

const TIME_MS_MAX = 10_000
const HEAP_MIB_MAX = 256
const QUEUE_MAX = 64

/** In a child process with limits on time and memory. */
export function sandboxedTracer(): Tracer {
  // The built package has JavaScript beside this file, a checkout TypeScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const sandbox = createSandbox({
    entry: new URL(`./trace-child.${extension}`, import.meta.url),
    timeMsMax: TIME_MS_MAX,
    heapMiBMax: HEAP_MIB_MAX,
    queueMax: QUEUE_MAX,
  })
  return {
    ask: async (request) => {
      const answer = await sandbox.run(request)
      if (answer.kind === 'busy') return answer
      if (answer.kind === 'killed') return { kind: 'too-expensive' }
      return traced(answer.value as TraceAnswer)
    },
    close: () => sandbox.close(),
  }
}

/** In this process: for tests and for rules that one trusts. */
export function localTracer(): Tracer {
  const answer = createTraceAnswerer()
  return { ask: async (request) => traced(answer(request)), close: async () => undefined }
}

const traced = <T>(answer: TraceAnswer): Traced<T> =>
  answer.ok ? { kind: 'done', value: answer.value as T } : { kind: 'refused', problems: answer.problems }
