import type { ObservablePartition, StateRow } from './contract.ts'
import { partsOfPartition } from './default-parts.ts'
import type { PartitionOptions, PartitionParts } from './options.ts'
import { EnginePartition } from './partition.ts'

/** A partition with nothing in it, before the first entry of its log. */
export const createPartition = (
  options: PartitionOptions,
  parts: PartitionParts = partsOfPartition(),
): ObservablePartition => new EnginePartition(options, parts)

/** The partition that took the steps whose rows these are, in any order; no row at all makes a new one. */
export function restorePartition(
  options: PartitionOptions,
  rows: Iterable<StateRow>,
  parts: PartitionParts = partsOfPartition(),
): ObservablePartition {
  const partition = new EnginePartition(options, parts)
  partition.restore(rows)
  return partition
}
