// The compiler's child process with two rules that it cannot stand; for tests of what the service does then.
import { answerReader, type ReaderRequest } from '../../src/service/catalogue/rule-reader.ts'

process.on('message', (message) => {
  const { number, request } = message as { readonly number: number; readonly request: ReaderRequest }
  const text = JSON.stringify(request)
  if (text.includes('rule: spin')) for (;;);
  const kept: unknown[] = []
  if (text.includes('rule: hoard')) for (;;) kept.push(new Array(1000).fill({ text: String(kept.length) }))
  process.send?.({ number, answer: answerReader(request) })
})
process.send?.('ready')
