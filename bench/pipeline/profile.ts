import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }>
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The functions in which a profiled process spent most of its time by itself, a line each. */
export function topFunctions(folder: string, count: number): readonly string[] {
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) return []
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => [
      id,
      `${callFrame.functionName || '(anonymous)'} ${basename(callFrame.url)}:${callFrame.lineNumber + 1}`,
    ]),
  )
  const micros = new Map<string, number>()
  let total = 0
  for (const [index, id] of profile.samples.entries()) {
    const name = names.get(id) ?? ''
    const delta = profile.timeDeltas[index] ?? 0
    if (name.startsWith('(idle)') || name.startsWith('(program)')) continue
    total += delta
    micros.set(name, (micros.get(name) ?? 0) + delta)
  }
  return [...micros]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([name, spent]) => `${((spent / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
}
