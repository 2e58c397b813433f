/** What a message is made from. */
export interface Facts {
  readonly code: string
  readonly token: string | undefined
  readonly value: unknown
  readonly value2: unknown
  readonly index: number | undefined
}

const VALUE_MAX = 80

/** A value in a message: short, and never a surprise for the log. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  let text: string | undefined
  try {
    text = typeof value === 'object' && value !== null && hasMany(value) ? undefined : JSON.stringify(value)
  } catch {
    text = undefined
  }
  if (text === undefined) return Array.isArray(value) ? 'an array' : `a ${typeof value}`
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text
}

/** Only small and shallow values are shown: the size of a message must not depend on the size of an event. */
function hasMany(value: object): boolean {
  const members = Object.values(value)
  return members.length > 8 || members.some((member) => typeof member === 'object' && member !== null)
}

type Message = string | ((facts: Facts) => string)

const operands = (kind: string, side: string) => (f: Facts) =>
  `the ${side} side of ${f.token ?? 'the operator'} must be ${kind}, not ${shown(f.value)}`

const MESSAGES: Readonly<Record<string, Message>> = {
  D1001: (f) => `the number ${shown(f.value)} is out of range`,
  D1002: (f) => `only a number can be negated, not ${shown(f.value)}`,
  D1004: 'the regular expression matches an empty text and would never get on',
  D1009: (f) => `two keys of the object are both ${shown(f.value)}`,
  D1013: (f) => `the name ${shown(f.value)} is reserved`,
  D2014: (f) => `a range of ${shown(f.value)} numbers is too long`,
  D2015: (f) => `a sequence of more than ${shown(f.value)} values`,
  D3001: 'a number that is not finite has no text',
  D3010: '$replace: the text to look for is empty',
  D3011: '$replace: the limit must not be negative',
  D3012: (f) => `$replace: the replacement must be a text, not ${shown(f.value)}`,
  D3020: '$split: the limit must not be negative',
  D3030: (f) => `${shown(f.value)} cannot be read as a number`,
  D3040: '$match: the limit must not be negative',
  D3050: '$reduce: the function must take at least two arguments',
  D3060: (f) => `$sqrt of the negative number ${shown(f.value)}`,
  D3061: (f) => `$power of ${shown(f.value)} is too large for a number`,
  D3070: '$sort without a function takes texts only or numbers only',
  D3080: '$formatNumber: the picture has more than two parts',
  D3081: '$formatNumber: more than one decimal separator in a part of the picture',
  D3082: '$formatNumber: more than one percent sign in a part of the picture',
  D3083: '$formatNumber: more than one per-mille sign in a part of the picture',
  D3084: '$formatNumber: percent and per-mille in the same part of the picture',
  D3085: '$formatNumber: a part of the picture has no digit',
  D3086: '$formatNumber: a character between the digits of the picture that does not belong there',
  D3087: '$formatNumber: a grouping separator beside the decimal separator',
  D3088: '$formatNumber: a grouping separator at the end of the integer part',
  D3089: '$formatNumber: two grouping separators side by side',
  D3090: '$formatNumber: an optional digit after a mandatory one in the integer part',
  D3091: '$formatNumber: a mandatory digit after an optional one in the fraction',
  D3092: '$formatNumber: percent or per-mille together with an exponent',
  D3093: '$formatNumber: the exponent must consist of digits',
  D3100: (f) => `$formatBase: the base must be between 2 and 36, not ${shown(f.value)}`,
  D3110: (f) => `$toMillis: ${shown(f.value)} is not an ISO 8601 time`,
  D3130: (f) => `integers written like ${shown(f.value)} are not supported`,
  D3131: 'all digits of the picture must be of the same family',
  D3132: (f) => `the date picture has an unknown component ${shown(f.value)}`,
  D3133: (f) => `only months and days have names, not ${shown(f.value)}`,
  D3134: 'the time zone of the date picture has more than four digits',
  D3135: 'the date picture has no ] for a [',
  D3136: 'the date picture lacks parts that are needed to read the time',
  D3137: '$error was called',
  D3138: '$single found more than one',
  D3139: '$single found none',
  D3140: (f) => `malformed URL ${shown(f.value)}`,
  D3141: '$assert failed',
  T0410: (f) => `argument ${f.index} of $${f.token ?? 'function'} has the wrong type: ${shown(f.value)}`,
  T0411: (f) => `the value at hand cannot be argument ${f.index} of $${f.token ?? 'function'}`,
  T0412: (f) =>
    `argument ${f.index} of $${f.token ?? 'function'} must be an array of one type: ${shown(f.value)}`,
  T1003: (f) => `the key of an object must be a text, not ${shown(f.value)}`,
  T1005: (f) => `${f.token} is no function; $${f.token} is`,
  T1006: (f) => `${f.token === undefined ? 'this' : `$${f.token}`} is no function`,
  T1007: (f) => `${f.token} is no function; $${f.token} is`,
  T1008: (f) => `${f.token === undefined ? 'this' : `$${f.token}`} is no function`,
  T1010: 'the function given as a pattern does not return a match',
  T2001: operands('a number', 'left'),
  T2002: operands('a number', 'right'),
  T2003: operands('a whole number', 'left'),
  T2004: operands('a whole number', 'right'),
  T2006: (f) => `the right side of ~> must be a function, not ${shown(f.value)}`,
  T2007: (f) => `cannot order ${shown(f.value)} and ${shown(f.value2)}: different types`,
  T2008: (f) => `only numbers and texts can be ordered, not ${shown(f.value)}`,
  T2009: (f) =>
    `cannot compare ${shown(f.value)} and ${shown(f.value2)} with ${f.token ?? '<'}: different types`,
  T2010: (f) => `${f.token ?? 'the comparison'} compares numbers and texts, not ${shown(f.value)}`,
  T2011: (f) => `a transform must insert an object, not ${shown(f.value)}`,
  T2012: (f) => `a transform deletes a name or names, not ${shown(f.value)}`,
  T2013: '$clone is not a function here, and the transform needs it',
  U1001: 'the expression takes too many steps or nests too deeply',
  U1002: 'the expression builds too much data',
  U1003: 'a transform may change only its own copy',
  U1005: 'the number or date picture cannot be used',
  U1004: (f) => `a text longer than the limit (${shown(f.value)} characters)`,
}

/** In our own words; the code is what programs go by. */
export function messageOf(facts: Facts): string {
  const message = MESSAGES[facts.code]
  if (message === undefined) return `error ${facts.code}`
  return typeof message === 'string' ? message : message(facts)
}
