// A child process that does what it is told, the worst included; for tests of what keeps it in.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const tried = (deed: () => unknown): unknown => {
  try {
    return deed() === undefined ? 'refused' : 'done'
  } catch {
    return 'refused'
  }
}

const deeds: Readonly<Record<string, () => unknown>> = {
  pid: () => process.pid,
  spin: () => {
    for (;;);
  },
  hoard: () => {
    const kept: unknown[] = []
    for (;;) kept.push(new Array(1000).fill({ text: String(kept.length) }))
  },
  write: () =>
    tried(() => {
      writeFileSync('/tmp/sequitur-hostile-child', 'x')
      return true
    }),
  spawn: () => tried(() => spawnSync('true').pid),
  environment: () => tried(() => process.env['PATH']),
  evaluate: () => tried(() => new Function('return 1')()),
}

process.on('message', (message) => {
  const { number, request } = message as { readonly number: number; readonly request: string }
  process.send?.({ number, answer: deeds[request]?.() })
})
process.send?.('ready')
