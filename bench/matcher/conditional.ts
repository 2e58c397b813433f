import type { Case } from './measure.ts'

export function conditionalCases(_scale: number): Case[] {
  return []
}
