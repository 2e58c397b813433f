import type { Case } from './measure.ts'

export function coreCases(_scale: number): Case[] {
  return []
}
