const TEXT_MIN = 3
const BEYOND_ASCII = /[\u0080-\uffff]/

/**
 * A text that every match of a regular expression contains: the longest run of plain characters that nothing makes optional.
 * Undefined when there is none of at least three characters, or the pattern holds anything that is not understood here.
 */
export function requiredText(pattern: string): string | undefined {
  // Characters beyond ASCII may take two units and fold in ways of their own.
  if (BEYOND_ASCII.test(pattern)) return undefined
  let best = ''
  let run = ''
  const end = (): void => {
    if (run.length > best.length) best = run
    run = ''
  }
  let at = 0
  while (at < pattern.length) {
    const read = readAtom(pattern, at)
    if (read === undefined) return undefined
    const quantifier = quantifierAt(pattern, read.next)
    at = read.next + quantifier.length
    if (read.text === undefined || quantifier.isOptional) end()
    else {
      run += read.text
      // `a+` is at least one `a`, but what follows need not follow the first.
      if (quantifier.length > 0) end()
    }
  }
  end()
  return best.length >= TEXT_MIN ? best : undefined
}

interface Atom {
  /** Undefined: not one fixed character. */
  readonly text: string | undefined
  readonly next: number
}

const PLAIN_ESCAPES = /[\\/.*+?()[\]{}|^$\-"'#:;,!@%&=<>~ ]/

function readAtom(pattern: string, at: number): Atom | undefined {
  const character = pattern.charAt(at)
  switch (character) {
    case '|':
      return undefined
    case '(':
      return skipGroup(pattern, at)
    case '[':
      return skipClass(pattern, at)
    case '.':
    case '^':
    case '$':
      return { text: undefined, next: at + 1 }
    case '\\': {
      const escaped = pattern.charAt(at + 1)
      if (PLAIN_ESCAPES.test(escaped)) return { text: escaped, next: at + 2 }
      if (/[dDwWsSbB]/.test(escaped)) return { text: undefined, next: at + 2 }
      return undefined
    }
    case '*':
    case '+':
    case '?':
    case '{':
    case ')':
      return undefined
    default:
      return { text: character, next: at + 1 }
  }
}

function quantifierAt(
  pattern: string,
  at: number,
): { readonly length: number; readonly isOptional: boolean } {
  const match = /^(?:([*?])|\+|\{(\d+)(?:,\d*)?\})\??/.exec(pattern.slice(at, at + 16))
  if (match === null) return { length: 0, isOptional: false }
  return { length: match[0].length, isOptional: match[1] !== undefined || match[2] === '0' }
}

/** A group is passed over; one that changes flags (`(?i)`) changes what the characters after it mean. */
function skipGroup(pattern: string, at: number): Atom | undefined {
  if (/^\(\?(?!:|P?<)/.test(pattern.slice(at, at + 4))) return undefined
  let depth = 0
  for (let index = at; index < pattern.length; index++) {
    const character = pattern.charAt(index)
    if (character === '\\') index++
    else if (character === '[') {
      const skipped = skipClass(pattern, index)
      if (skipped === undefined) return undefined
      index = skipped.next - 1
    } else if (character === '(') {
      if (/^\(\?(?!:|P?<)/.test(pattern.slice(index, index + 4))) return undefined
      depth++
    } else if (character === ')' && --depth === 0) return { text: undefined, next: index + 1 }
  }
  return undefined
}

function skipClass(pattern: string, at: number): Atom | undefined {
  // A class may begin with `]`, and RE2 knows classes in classes (`[[:alpha:]]`).
  for (let index = at + 1; index < pattern.length; index++) {
    const character = pattern.charAt(index)
    if (character === '[') return undefined
    if (character === '\\') index++
    else if (character === ']' && index > at + 1 && pattern.slice(at + 1, index) !== '^') {
      return { text: undefined, next: index + 1 }
    }
  }
  return undefined
}

/** The required text in the case that a text is looked through for it: in lower case when the expression ignores case. */
export function neededBy(form: {
  readonly pattern: string
  readonly ignoreCase: boolean
}): string | undefined {
  const text = requiredText(form.pattern)
  return form.ignoreCase ? text?.toLowerCase() : text
}
