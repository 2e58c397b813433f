import type { Case } from './measure.ts'

export function hotKeyCases(_scale: number): Case[] {
  return []
}
