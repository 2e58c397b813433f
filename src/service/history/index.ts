export {
  type HistoryPart,
  type HistoryQuestion,
  type InputHistory,
  natsInputHistory,
} from './input-history.ts'
export { type InvestigationPorts, investigate, type WhyAnswer, type WhyQuestion } from './investigate.ts'
export type { PlainEntry, TracedText, TraceRequest } from './trace-requests.ts'
export { localTracer, sandboxedTracer, type Traced, type Tracer } from './tracer.ts'
