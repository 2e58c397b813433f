import type { JsonObject } from '../model/index.ts'

type Attributes = Readonly<Record<string, string>>

const ATTRIBUTES_MAX = 64
const VALUE_LENGTH_MAX = 1024
const CLOUD_EVENT_HEADER = 'ce-'

export type ContentMode = 'plain' | 'binary' | 'structured'

/** How an entry carries its event: plain JSON, CloudEvents binary mode (`ce-*` headers) or structured mode. */
export function contentMode(headers: Attributes | undefined): ContentMode {
  if (headers === undefined) return 'plain'
  const type = headers['content-type'] ?? headers['ce-datacontenttype']
  if (type?.toLowerCase().startsWith('application/cloudevents+json')) return 'structured'
  return headers['ce-specversion'] === undefined ? 'plain' : 'binary'
}

/** `$event`: headers without the broker's own, CloudEvents attributes without `ce-`; the rest of a thousand headers is left out. */
export function attributesOfHeaders(headers: Attributes): Attributes | undefined {
  let count = 0
  const attributes: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || name.startsWith('nats-') || value.length > VALUE_LENGTH_MAX) continue
    if (count === ATTRIBUTES_MAX) break
    setOwn(
      attributes,
      name.startsWith(CLOUD_EVENT_HEADER) ? name.slice(CLOUD_EVENT_HEADER.length) : name,
      value,
    )
    count++
  }
  return count === 0 ? undefined : attributes
}

/** The context attributes of a structured CloudEvent. */
export function attributesOfEnvelope(envelope: JsonObject): Attributes {
  const attributes: Record<string, string> = {}
  let count = 0
  for (const name of Object.keys(envelope)) {
    if (name === 'data' || name === 'data_base64') continue
    const value = envelope[name]
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    if (typeof text !== 'string' || text.length > VALUE_LENGTH_MAX) continue
    if (count++ === ATTRIBUTES_MAX) break
    setOwn(attributes, name.toLowerCase(), text)
  }
  return attributes
}

/** Assignment to `__proto__` would set the prototype; a defined property is only a property. */
function setOwn(target: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true })
  else target[name] = value
}
