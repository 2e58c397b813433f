import type { JsonSchema } from '../route.ts'

export const RULE_ID = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'

export const STATUS_VALUES = ['draft', 'shadow', 'live', 'disabled'] as const

export const SEVERITY_VALUES = ['info', 'low', 'medium', 'high', 'critical'] as const

export const text = (description: string, rest: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...rest,
})

export const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description })

export const list = (items: JsonSchema, description?: string): JsonSchema => ({
  type: 'array',
  items,
  ...(description === undefined ? {} : { description }),
})

export const object = (
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
  description?: string,
): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
  ...(description === undefined ? {} : { description }),
})

export const time = (description: string): JsonSchema => text(description, { format: 'date-time' })
