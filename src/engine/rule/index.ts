export { RULE_CODES, type RuleCode } from './codes.ts'
export { type ReadOptions, readRules } from './read-rules.ts'
export { subjectCovers, subjectTrouble } from './subject.ts'
