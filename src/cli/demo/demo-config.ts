import { DEMO_SUBJECTS } from './generator.ts'
import { LATENESS_MS } from './mishaps.ts'

export interface DemoPorts {
  readonly http: number
  readonly nats: number
}

/** Subjects for events of one's own, in the broker's time. */
export const VISITOR_SUBJECTS = 'events.>'

/** The configuration of the demo's service, shaped like a configuration file. */
export const demoConfig = (dataDir: string, ports: DemoPorts): Record<string, unknown> => ({
  dataDir,
  input: { subjects: [...DEMO_SUBJECTS, VISITOR_SUBJECTS], bytesMax: '1GiB' },
  sources: [
    // Its clock must not hold the demo's back when a visitor tries something and goes.
    { name: 'visitor', subject: VISITOR_SUBJECTS, idle: '1s' },
    { name: 'demo', subject: '>', timestamp: 'time', lateness: `${LATENESS_MS}ms` },
  ],
  http: { host: '127.0.0.1', port: ports.http },
  nats: { embedded: { host: '127.0.0.1', port: ports.nats } },
  log: { level: 'error' },
})
