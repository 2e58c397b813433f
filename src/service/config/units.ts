const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds of text that the schema's `duration` accepts: `500ms`, `5m`, `1h30m`. */
export function durationOf(text: string): number {
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    sum += Number(amount) * (MILLISECONDS[unit ?? ''] ?? 0)
  return Math.round(sum)
}

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

/** Bytes of text that the schema's `size` accepts: `64KiB`, `1GiB`. */
export function sizeOf(text: string): number {
  const [, amount, unit] = /^(\d+)(B|KiB|MiB|GiB|TiB)$/.exec(text) ?? []
  return Number(amount) * (BYTES[unit ?? ''] ?? Number.NaN)
}
