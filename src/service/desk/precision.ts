export interface VerdictCounts {
  readonly true: number
  readonly false: number
  readonly unsure: number
}

/** Of the 95 % interval. */
const Z = 1.959964

/** Share of the alerts with a sure verdict that were true, with its Wilson score interval: honest for the few verdicts that there are. */
export function precisionOf(counts: VerdictCounts): VerdictCounts & {
  readonly precision?: number
  readonly interval?: readonly [number, number]
} {
  const sure = counts.true + counts.false
  if (sure === 0) return counts
  const share = counts.true / sure
  const weight = Z ** 2 / sure
  const middle = (share + weight / 2) / (1 + weight)
  const half = (Z * Math.sqrt((share * (1 - share)) / sure + weight / (4 * sure))) / (1 + weight)
  const rounded = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4
  return { ...counts, precision: rounded(share), interval: [rounded(middle - half), rounded(middle + half)] }
}
