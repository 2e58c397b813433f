/** Lines of context around a change. */
const CONTEXT = 3
/** Differences beyond which everything between the first and the last one counts as replaced. */
const DIFFERENCES_MAX = 400

interface Line {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

/** The unified diff of two texts; empty when they are the same. */
export function unifiedDiff(
  before: { readonly name: string; readonly text: string },
  after: { readonly name: string; readonly text: string },
): string {
  const lines = compareLines(linesOf(before.text), linesOf(after.text))
  const hunks = [...hunksOf(lines)]
  return hunks.length === 0 ? '' : `--- ${before.name}\n+++ ${after.name}\n${hunks.join('')}`
}

/** A last line without an end is another than the same one with it. */
const linesOf = (text: string): readonly string[] => {
  const lines = text.split('\n')
  const last = lines.pop()
  return last === undefined || last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

function compareLines(before: readonly string[], after: readonly string[]): readonly Line[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++
  return [
    ...before.slice(0, head).map(marked(' ')),
    ...shortestEdit(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(marked(' ')),
  ]
}

const marked =
  (mark: Line['mark']) =>
  (text: string): Line => ({ mark, text })

/** Myers: An O(ND) Difference Algorithm, 1986. `reached[k]` is how far in `before` the diagonal `k` comes with so many differences. */
function shortestEdit(before: readonly string[], after: readonly string[]): readonly Line[] {
  const most = Math.min(before.length + after.length, DIFFERENCES_MAX)
  const reached = new Map<number, number>([[1, 0]])
  const history: Array<ReadonlyMap<number, number>> = []
  for (let differences = 0; differences <= most; differences++) {
    history.push(new Map(reached))
    for (let k = -differences; k <= differences; k += 2) {
      let x = startOf(reached, k, differences)
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++
      reached.set(k, x)
      if (x >= before.length && x - k >= after.length) return walkBack(history, before, after)
    }
  }
  return [...before.map(marked('-')), ...after.map(marked('+'))]
}

function startOf(reached: ReadonlyMap<number, number>, k: number, differences: number): number {
  return comesFromAbove(reached, k, differences) ? (reached.get(k + 1) ?? 0) : (reached.get(k - 1) ?? 0) + 1
}

/** Whether the way to the diagonal adds a line; else it removes one. */
const comesFromAbove = (reached: ReadonlyMap<number, number>, k: number, differences: number): boolean =>
  k === -differences || (k !== differences && (reached.get(k - 1) ?? -1) < (reached.get(k + 1) ?? -1))

function walkBack(
  history: ReadonlyArray<ReadonlyMap<number, number>>,
  before: readonly string[],
  after: readonly string[],
): readonly Line[] {
  const lines: Line[] = []
  let x = before.length
  let y = after.length
  for (let differences = history.length - 1; differences >= 0; differences--) {
    const reached = history[differences] ?? new Map<number, number>()
    const k = x - y
    const start = startOf(reached, k, differences)
    // On the diagonal lines are the same; then one was added or removed.
    while (x > start && y > start - k) {
      lines.push({ mark: ' ', text: before[--x] ?? '' })
      y--
    }
    if (differences === 0) break
    const isAddition = comesFromAbove(reached, k, differences)
    if (isAddition) lines.push({ mark: '+', text: after[--y] ?? '' })
    else lines.push({ mark: '-', text: before[--x] ?? '' })
  }
  return lines.reverse()
}

function* hunksOf(lines: readonly Line[]): Generator<string> {
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]))
  for (let at = 0; at < changed.length; ) {
    const first = changed[at] ?? 0
    let last = first
    for (let next = changed[at]; next !== undefined && next - last <= 2 * CONTEXT; next = changed[++at])
      last = next
    const from = Math.max(0, first - CONTEXT)
    const hunk = lines.slice(from, last + CONTEXT + 1)
    const ahead = lines.slice(0, from)
    yield `@@ -${range(ahead, hunk, '+')} +${range(ahead, hunk, '-')} @@\n${hunk.map(({ mark, text }) => `${mark}${text}\n`).join('')}`
  }
}

/** Where a hunk stands in one of the texts; `other`: the mark of lines that are only in the other one. */
function range(ahead: readonly Line[], hunk: readonly Line[], other: Line['mark']): string {
  const count = (lines: readonly Line[]): number => lines.filter(({ mark }) => mark !== other).length
  const length = count(hunk)
  return `${count(ahead) + (length === 0 ? 0 : 1)},${length}`
}
