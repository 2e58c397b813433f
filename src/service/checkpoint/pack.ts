import { crc32 } from 'node:zlib'
import type { StateRow } from '../../engine/index.ts'

/** Rows that one fold moves at once; bounds how long a commit may have to wait behind it. */
const ROWS_PER_CHANGE = 2_000

export interface PackedRows {
  /** JSON `[[from, length, directory], …]`, a change each; offsets in a directory count from its own `from`. */
  readonly changes: string
  readonly content: Buffer
}

/** What a row was when it was written, id and all: the file may hand out something else one day. */
export const rowChecksum = (id: string, value: Uint8Array): number => crc32(value, crc32(id))

/** All rows of a step in one blob, cut into changes of bounded size. */
export function packRows(rows: readonly StateRow[]): PackedRows {
  const pieces: Piece[] = []
  const changes: string[] = []
  let total = 0
  for (let start = 0; start < rows.length; start += ROWS_PER_CHANGE) {
    const from = total
    const directory: string[] = []
    for (const { id, value } of rows.slice(start, start + ROWS_PER_CHANGE)) {
      if (value === undefined) {
        directory.push(`[${JSON.stringify(id)},0,-1,0]`)
        continue
      }
      directory.push(`[${JSON.stringify(id)},${total - from},${value.length},${rowChecksum(id, value)}]`)
      append(pieces, value)
      total += value.length
    }
    changes.push(`[${from},${total - from},[${directory.join(',')}]]`)
  }
  return { changes: `[${changes.join(',')}]`, content: joined(pieces, total) }
}

/** Bytes that lie one behind the other, of one row or of many. */
interface Piece {
  readonly buffer: ArrayBufferLike
  readonly start: number
  end: number
}

/** Rows that were written one behind the other are copied at once. */
function append(pieces: Piece[], { buffer, byteOffset: start, length }: Uint8Array): void {
  const last = pieces.at(-1)
  if (last?.buffer === buffer && last.end === start) last.end += length
  else pieces.push({ buffer, start, end: start + length })
}

const joined = (pieces: readonly Piece[], total: number): Buffer =>
  Buffer.concat(
    pieces.map(({ buffer, start, end }) => new Uint8Array(buffer, start, end - start)),
    total,
  )

export type DirectoryEntry = readonly [id: string, offset: number, length: number, checksum: number]
