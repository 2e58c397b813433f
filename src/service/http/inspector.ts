import type { NatsConnection } from '@nats-io/transport-node'
import type { PartialMatchesChange } from '../../engine/index.ts'
import { type InspectAnswers, type InspectReply, type InspectRequest, inspectSubject } from '../inspection.ts'

/** What the workers say about their partitions. */
export interface Inspector {
  readonly partitions: number
  /** Undefined: nobody answered for the partition. */
  ask<Kind extends InspectRequest['kind']>(
    partition: number,
    request: Extract<InspectRequest, { kind: Kind }>,
  ): Promise<InspectAnswers[Kind] | undefined>
}

const ANSWER_MS_MAX = 1000

export function natsInspector(connection: NatsConnection, partitions: number): Inspector {
  return {
    partitions,
    ask: async (partition, request) => {
      try {
        const reply = await connection.request(inspectSubject(partition), JSON.stringify(request), {
          timeout: ANSWER_MS_MAX,
        })
        const answer = reply.json<InspectReply<never>>()
        return answer.ok ? answer.value : undefined
      } catch {
        return undefined
      }
    },
  }
}

/** Asks every partition at once. */
export async function askAll<Kind extends InspectRequest['kind']>(
  inspector: Inspector,
  request: Extract<InspectRequest, { kind: Kind }>,
): Promise<{
  readonly answers: ReadonlyArray<{ readonly partition: number; readonly answer: InspectAnswers[Kind] }>
  readonly unreachable: readonly number[]
}> {
  const partitions = Array.from({ length: inspector.partitions }, (_, partition) => partition)
  const all = await Promise.all(
    partitions.map(async (partition) => ({ partition, answer: await inspector.ask(partition, request) })),
  )
  return {
    answers: all.flatMap(({ partition, answer }) => (answer === undefined ? [] : [{ partition, answer }])),
    unreachable: all.filter(({ answer }) => answer === undefined).map(({ partition }) => partition),
  }
}

export interface Activation {
  readonly state: 'active' | 'pending' | 'unknown'
  /** Partitions that have the version. */
  readonly partitions: number
  /** What became of the partial matches there, when the version concerned them. */
  readonly partialMatches?: Omit<PartialMatchesChange, 'version'>
}

const ACTIVATION_MS_MAX = 1000
const ACTIVATION_STEP_MS = 40

function changeOf(
  answers: ReadonlyArray<{ readonly answer: InspectAnswers[Activatable['kind']] }>,
  version: number,
): Pick<Activation, 'partialMatches'> {
  const changes = answers.flatMap(({ answer }) =>
    'change' in answer && answer.change?.version === version ? [answer.change] : [],
  )
  if (changes.length === 0) return {}
  const sum = (of: (change: PartialMatchesChange) => number): number =>
    changes.reduce((total, change) => total + of(change), 0)
  return {
    partialMatches: {
      kept: sum(({ kept }) => kept),
      drained: sum(({ drained }) => drained),
      dropped: sum(({ dropped }) => dropped),
    },
  }
}

/** Which version of what. */
export type Activatable = Extract<InspectRequest, { kind: 'rule' | 'activated' }>

/** Waits a little until every partition has the version. */
export async function awaitActivation(
  inspector: Inspector,
  request: Activatable,
  version: number,
  clock: { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> },
): Promise<Activation> {
  const end = clock.now() + ACTIVATION_MS_MAX
  for (;;) {
    const { answers } = await askAll<Activatable['kind']>(inspector, request)
    const having = answers.filter(({ answer }) => answer.version >= version).length
    if (having === inspector.partitions)
      return { state: 'active', partitions: having, ...changeOf(answers, version) }
    if (answers.length === 0) return { state: 'unknown', partitions: 0 }
    if (clock.now() >= end) return { state: 'pending', partitions: having }
    await clock.sleep(ACTIVATION_STEP_MS)
  }
}
