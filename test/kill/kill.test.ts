import { describe, expect, it } from 'vitest'
import { type KillReport, runKills } from './harness.ts'

const nothingWrong = { lost: 0, duplicated: 0, invented: 0, reordered: 0, unaccounted: 0 }

/** What a broken worker leaves behind: a wrong alert log, or a store in which nobody can go on. */
const isCaught = (report: KillReport): boolean =>
  report.unfinished !== undefined || report.lost + report.duplicated + report.invented + report.reordered > 0

describe('nothing is lost at kill -9', () => {
  it('worker and broker are ended in every way there is', { timeout: 180_000 }, async () => {
    const report = await runKills({ cycles: 25, seed: 7 })
    expect(report.unfinished).toBeUndefined()
    expect(report).toMatchObject({ ...nothingWrong, zombiesFenced: report.zombies })
    expect(report.expected).toBeGreaterThan(100)
    expect(report.brokerKills).toBeGreaterThan(0)
  })

  it('finds effects that leave before they are committed', { timeout: 120_000 }, async () => {
    const report = await runKills({ cycles: 12, seed: 11, bug: 'publish-before-commit' })
    expect(isCaught(report)).toBe(true)
  })

  it('finds owners that are not fenced', { timeout: 120_000 }, async () => {
    const report = await runKills({ cycles: 13, seed: 5, bug: 'no-fencing' })
    expect(isCaught(report)).toBe(true)
  })
})
