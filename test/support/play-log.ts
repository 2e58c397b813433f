import {
  createPartition,
  type Effect,
  type LogEntry,
  type ObservablePartition,
  type PartitionOptions,
  restorePartition,
  type StateRow,
} from '../../src/engine/index.ts'

/** What becomes of a partition behind an entry: nothing, a checkpoint, or a checkpoint that it is restored from. */
export type Cut = 'no' | 'take' | 'restore'

/** Gives a partition the entries one by one; all its effects, and the partition as it is then. */
export function playLog(
  entries: readonly LogEntry[],
  options: PartitionOptions,
  cut: (index: number) => Cut = () => 'no',
): { readonly effects: Effect[]; readonly partition: ObservablePartition } {
  let partition = createPartition(options)
  const effects: Effect[] = []
  const rows = new Map<string, StateRow>()
  const take = (): void => {
    const step = partition.takeStep()
    effects.push(...(step?.effects ?? []))
    for (const row of step?.rows ?? []) {
      if (row.value === undefined) rows.delete(row.id)
      else rows.set(row.id, { id: row.id, value: row.value.slice() })
    }
  }
  entries.forEach((entry, index) => {
    partition.process([entry])
    const how = cut(index)
    if (how === 'no') return
    take()
    if (how === 'restore') partition = restorePartition(options, [...rows.values()].reverse())
  })
  take()
  return { effects, partition }
}

/** Stored and restored after every so many entries. */
export const restoredEvery =
  (entries: number) =>
  (index: number): Cut =>
    index % entries === entries - 1 ? 'restore' : 'no'
