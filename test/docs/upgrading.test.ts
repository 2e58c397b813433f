import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startProcess, temporaryFolder } from '../support/processes.ts'
import { PAGES } from './pages.ts'

const page = PAGES.find(({ path }) => path === 'docs/guides/upgrading.md')

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

test('the guide to upgrading does what it says, from an empty folder, in one shell', async () => {
  const folder = temporaryFolder()
  const command = join(folder, 'sequitur')
  writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'src/cli/main.ts')} "$@"\n`)
  chmodSync(command, 0o755)
  const port = await freePort()
  const blocks = (page?.blocks ?? []).flatMap(({ language, marks, text }) => {
    const file = marks.find((mark) => mark.startsWith('file='))?.slice('file='.length)
    if (file !== undefined) writeFileSync(join(folder, file), text)
    return language === 'sh' && marks.includes('upgrade') ? [text] : []
  })
  expect(blocks.length).toBeGreaterThan(3)
  const script = `trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT\n${blocks.join('\n')}`
  const ended = await startProcess(
    'bash',
    ['-euo', 'pipefail', '-c', script.replaceAll('http://127.0.0.1:8080', `http://127.0.0.1:${port}`)],
    {
      cwd: folder,
      environment: {
        PATH: `${folder}:${process.env['PATH']}`,
        SEQUITUR_URL: `http://127.0.0.1:${port}`,
        SEQUITUR_HTTP_PORT: String(port),
        SEQUITUR_NATS_EMBEDDED_PORT: '0',
      },
    },
  ).ended
  expect(ended).toMatchObject({ code: 0, stderr: expect.any(String) })
  // One alert after the upgrade; none after going back, and the first event waits again.
  expect(ended.stdout.match(/"subject":"ada"/g)).toHaveLength(1)
  expect(ended.stdout).toMatch(/\n0\n\{[^\n]*"ada"[^\n]*\n$/)
}, 120_000)
