export { canonicalPattern, samePattern } from './canonical.ts'
export { PATTERN_CODES, type PatternCode } from './codes.ts'
export { DURATION_MAX_MS, formatDuration, parseDuration } from './duration.ts'
export { parseSentence, type ReadSentence, readSentence, type SentenceOptions } from './parse-sentence.ts'
export { printSentence } from './print-sentence.ts'
export type { Span } from './scan.ts'
export { COUNT_MAX, type PatternContext, STEPS_MAX, validatePattern } from './validate.ts'
export {
  allSteps,
  canBeEmpty,
  innerPatterns,
  longestLife,
  longestLimit,
  mentionedNames,
  ownEvents,
  positiveNames,
  repeats,
} from './walk.ts'
export { isSentenceWord, listOf, SENTENCE_WORDS } from './words.ts'
