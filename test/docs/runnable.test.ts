import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startProcess, startService } from '../support/processes.ts'
import { PAGES, type Page } from './pages.ts'

const runnable = PAGES.filter(({ blocks }) => blocks.some(({ marks }) => marks.includes('run')))

test('there are pages to run', () => {
  expect(runnable.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'docs/guides/first-rule.md']),
  )
})

test.each(runnable)(
  '$path: its commands do what it says',
  async (page) => {
    const service = await startService()
    const outputs = await runPage(page, { ...service, path: binFolder(service.folder) })
    expect(outputs).toEqual([])
  },
  120_000,
)

/** Runs the marked blocks in order, in one folder; gives what went otherwise than the page says. */
async function runPage(
  page: Page,
  at: { readonly folder: string; readonly url: string; readonly nats: string; readonly path: string },
): Promise<readonly string[]> {
  const troubles: string[] = []
  let output = ''
  for (const { language, marks, text, line } of page.blocks) {
    const file = marks.find((mark) => mark.startsWith('file='))?.slice('file='.length)
    if (file !== undefined) {
      mkdirSync(dirname(join(at.folder, file)), { recursive: true })
      writeFileSync(join(at.folder, file), text)
    } else if (language === 'sh' && marks.includes('run')) {
      const script = text
        .replaceAll('http://127.0.0.1:8080', at.url)
        .replaceAll('nats://127.0.0.1:4222', at.nats)
      const ended = await startProcess('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: at.folder,
        environment: { PATH: `${at.path}:${process.env['PATH']}`, SEQUITUR_URL: at.url },
      }).ended
      output = `${ended.stdout}${ended.stderr}`
      if (ended.code !== 0) troubles.push(`line ${line}: exit code ${ended.code}: ${output}`)
    } else if (language === 'text' && marks.includes('output')) {
      const got = output.split('\n').map(squeezed)
      for (const wanted of text.trim().split('\n').map(squeezed))
        if (!got.includes(wanted)) troubles.push(`line ${line}: '${wanted}' is not in:\n${output}`)
    }
  }
  return troubles
}

const squeezed = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')

/** A folder with the command `sequitur`. */
function binFolder(folder: string): string {
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  const command = join(bin, 'sequitur')
  writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'src/cli/main.ts')} "$@"\n`)
  chmodSync(command, 0o755)
  return bin
}
