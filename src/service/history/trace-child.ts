// The child process that traces: rules are run over history here, so that neither can stall the service or end it.
import { createTraceAnswerer, type TraceRequest } from './trace-requests.ts'

const answer = createTraceAnswerer()
process.on('message', (message) => {
  const { number, request } = message as { readonly number: number; readonly request: TraceRequest }
  process.send?.({ number, answer: answer(request) })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
