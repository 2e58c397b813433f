/** Code points from first to last, ascending, apart. */
export type CharacterSet = ReadonlyArray<readonly [first: number, last: number]>

const LAST = 0x10ffff

export const DIGITS: CharacterSet = [[0x30, 0x39]]
export const WORD: CharacterSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
/** White space and line ends as the reference's host has them; RE2's own `\s` is six characters of ASCII. */
export const SPACE: CharacterSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
export const LINE_ENDS: CharacterSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]

export function union(sets: readonly CharacterSet[]): CharacterSet {
  const result: [number, number][] = []
  for (const [first, last] of sets.flat().toSorted((a, b) => a[0] - b[0])) {
    const top = result.at(-1)
    if (top !== undefined && first <= top[1] + 1) top[1] = Math.max(top[1], last)
    else result.push([first, last])
  }
  return result
}

export function complement(set: CharacterSet): CharacterSet {
  const result: [number, number][] = []
  let next = 0
  for (const [first, last] of set) {
    if (first > next) result.push([next, first - 1])
    next = last + 1
  }
  if (next <= LAST) result.push([next, LAST])
  return result
}

/** What a character is compared as where case does not count: ECMAScript's Canonicalize without `u`. */
function canonical(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase()
  const code = upper.charCodeAt(0)
  return upper.length !== 1 || (unit >= 0x80 && code < 0x80) ? unit : code
}

let classes: ReadonlyMap<number, readonly number[]> | undefined

/** Characters that are the same in any case, by what they are compared as; only where there are several. */
function caseClasses(): ReadonlyMap<number, readonly number[]> {
  if (classes !== undefined) return classes
  const found = new Map<number, number[]>()
  for (let unit = 0; unit <= 0xffff; unit++) {
    const as = canonical(unit)
    if (as === unit) continue
    const members = found.get(as)
    if (members === undefined) found.set(as, [as, unit])
    else members.push(unit)
  }
  classes = found
  return found
}

/** With all that differs in case only. */
export function withCases(set: CharacterSet): CharacterSet {
  const more: [number, number][] = []
  if ((set.at(-1)?.[1] ?? 0) < 0x80) {
    for (const [first, last] of set)
      for (let unit = first; unit <= last; unit++) {
        const letter = unit | 0x20
        if (letter >= 0x61 && letter <= 0x7a) more.push([unit ^ 0x20, unit ^ 0x20])
      }
    return union([set, more])
  }
  const contains = (unit: number): boolean => set.some(([first, last]) => unit >= first && unit <= last)
  for (const members of caseClasses().values())
    if (members.some(contains)) for (const unit of members) more.push([unit, unit])
  return union([set, more])
}
