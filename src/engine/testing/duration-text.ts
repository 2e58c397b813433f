const UNITS: ReadonlyArray<readonly [number, string]> = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
]

/** A length of time as people write it: `1h30m`, `150s` as `2m30s`, `0s`. */
export function durationText(milliseconds: number): string {
  let text = milliseconds < 0 ? '-' : ''
  let rest = Math.abs(milliseconds)
  if (rest === 0) return '0s'
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) text += `${count}${unit}`
  }
  return text
}
