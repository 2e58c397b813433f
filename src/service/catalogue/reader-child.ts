// The child process of the compiler: reads one text after the other and answers. Whatever a text does to it stays here.
import { answerReader, type ReaderRequest } from './rule-reader.ts'

process.on('message', (message) => {
  const { number, request } = message as { readonly number: number; readonly request: ReaderRequest }
  process.send?.({ number, answer: answerReader(request) })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
