import type { Case } from './measure.ts'

export function memoryCases(_scale: number): Case[] {
  return []
}
