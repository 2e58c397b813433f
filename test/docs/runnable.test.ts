import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startProcess, startService, temporaryFolder } from '../support/processes.ts'
import { type CodeBlock, PAGES, type Page } from './pages.ts'

const runnable = PAGES.filter(({ blocks }) => blocks.some(({ marks }) => marks.includes('run')))

test('there are pages to run', () => {
  expect(runnable.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'docs/guides/first-rule.md']),
  )
})

test.each(runnable)(
  '$path: its commands do what it says',
  async (page) => {
    const folder = temporaryFolder()
    const port = String(await freePort())
    // A service reads its configuration when it starts.
    for (const block of page.blocks) if (block.marks.includes('config')) writeFile(folder, block, port)
    const service = await startService({ folder })
    const outputs = await runPage(page, { ...service, path: binFolder(service.folder), port })
    expect(outputs).toEqual([])
  },
  120_000,
)

/** Runs the marked blocks in order, in one folder; gives what went otherwise than the page says. */
async function runPage(
  page: Page,
  at: {
    readonly folder: string
    readonly url: string
    readonly nats: string
    readonly path: string
    readonly port: string
  },
): Promise<readonly string[]> {
  const troubles: string[] = []
  let output = ''
  for (const block of page.blocks) {
    const { language, marks, text, line } = block
    if (fileOf(block) !== undefined) {
      writeFile(at.folder, block, at.port)
    } else if (language === 'sh' && marks.includes('run')) {
      const script = text
        .replaceAll('http://127.0.0.1:8080', at.url)
        .replaceAll('nats://127.0.0.1:4222', at.nats)
        .replaceAll(RECEIVER_PORT, at.port)
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

/** Where receivers listen on the pages. */
const RECEIVER_PORT = '9480'

const fileOf = ({ marks }: CodeBlock): string | undefined =>
  marks.find((mark) => mark.startsWith('file='))?.slice('file='.length)

function writeFile(folder: string, block: CodeBlock, port: string): void {
  const file = fileOf(block)
  if (file === undefined) return
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), block.text.replaceAll(RECEIVER_PORT, port))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
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
