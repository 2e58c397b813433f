import type { PatternCode } from './codes.ts'

/** Takes one problem of a pattern, with its JSON Pointer from the pattern. */
export type Report = (code: PatternCode, pointer: string, message: string, hint?: string) => void
