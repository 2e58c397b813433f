import { crc32 } from 'node:zlib'
import type { StateRow } from '../../engine/index.ts'

/** Rows that one fold moves at once; bounds how long a commit may have to wait behind it. */
const ROWS_PER_CHANGE = 2_000

export interface PackedRows {
  /** JSON `[[number, from, length, directory], …]`, a change each; offsets in a directory count from its own `from`. */
  readonly changes: string
  readonly content: Buffer
  readonly pieces: readonly Piece[]
}

/** What is remembered of a change until it is folded. */
export interface Piece {
  readonly number: number
  /** In the order of its directory. */
  readonly ids: readonly string[]
  readonly bytes: number
}

/** What a row was when it was written, id and all: the file may hand out something else one day. */
export const rowChecksum = (id: string, value: Uint8Array): number => crc32(value, crc32(id))

/** All rows of a step in one blob, cut into changes of bounded size, numbered from `first`. */
export function packRows(rows: readonly StateRow[], first: number): PackedRows {
  const spans: Span[] = []
  const changes: Array<readonly [number, number, number, readonly DirectoryEntry[]]> = []
  const pieces: Piece[] = []
  let total = 0
  for (let start = 0; start < rows.length; start += ROWS_PER_CHANGE) {
    const from = total
    const directory: DirectoryEntry[] = []
    const ids: string[] = []
    for (let index = start; index < Math.min(start + ROWS_PER_CHANGE, rows.length); index += 1) {
      const { id, value } = rows[index] as StateRow
      ids.push(id)
      if (value === undefined) {
        directory.push([id, 0, -1, 0])
        continue
      }
      directory.push([id, total - from, value.length, rowChecksum(id, value)])
      append(spans, value)
      total += value.length
    }
    const number = first + pieces.length
    pieces.push({ number, ids, bytes: total - from })
    changes.push([number, from, total - from, directory])
  }
  return { changes: JSON.stringify(changes), content: joined(spans, total), pieces }
}

/** Bytes that lie one behind the other, of one row or of many. */
interface Span {
  readonly buffer: ArrayBufferLike
  readonly start: number
  end: number
}

/** Rows that were written one behind the other are copied at once. */
function append(spans: Span[], { buffer, byteOffset: start, length }: Uint8Array): void {
  const last = spans.at(-1)
  if (last?.buffer === buffer && last.end === start) last.end += length
  else spans.push({ buffer, start, end: start + length })
}

const joined = (spans: readonly Span[], total: number): Buffer =>
  Buffer.concat(
    spans.map(({ buffer, start, end }) => new Uint8Array(buffer, start, end - start)),
    total,
  )

export type DirectoryEntry = readonly [id: string, offset: number, length: number, checksum: number]
