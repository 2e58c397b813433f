import type { AuditEntry } from '../audit/index.ts'
import type { Grant } from '../config/index.ts'
import type { Access } from './grants.ts'
import type { HttpProblem } from './problem.ts'
import type { Services } from './services.ts'

export interface Caller {
  /** Of the API key, or `jwt:` and the name in the token; undefined on a loopback address without either. */
  readonly id: string | undefined
  readonly grants: readonly Grant[]
}

export type JsonSchema = Readonly<Record<string, unknown>>

/** How a route reads its body. */
export type Body =
  /** Parsed JSON that fits the schema. */
  | { readonly kind: 'json'; readonly schema: JsonSchema; readonly required?: boolean }
  /** The text as it was sent, for texts whose problems have lines and columns. */
  | {
      readonly kind: 'text'
      readonly types: Readonly<Record<string, JsonSchema>>
      readonly bytesMax?: 'events'
    }

export interface ResponseSpec {
  readonly description: string
  /** Of the JSON (and YAML) document. */
  readonly schema?: JsonSchema
  /** Other content types, with their schemas. */
  readonly types?: Readonly<Record<string, JsonSchema>>
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>
}

export interface TextBody {
  readonly text: string
  /** Content type without parameters. */
  readonly type: string
}

/** One request as a handler sees it: checked against the route's schemas. */
export interface Call<Params = unknown, Query = unknown, Content = unknown> {
  readonly params: Params
  readonly query: Query
  readonly body: Content
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly caller: Caller
  /** The content type that the caller likes best. */
  readonly wants: 'json' | 'yaml'
  /** Path and query as sent. */
  readonly url: string
  /** Aborted when the caller has gone or the service stops. */
  readonly signal: AbortSignal
}

export type AuditNote = Pick<
  AuditEntry,
  'rule' | 'before' | 'proposal' | 'author' | 'approvers' | 'breakGlass'
>

export type Answer =
  | {
      readonly kind: 'data'
      readonly status: number
      readonly data: unknown
      readonly headers?: Readonly<Record<string, string>>
      /** What the audit log says besides. */
      readonly audit?: AuditNote
    }
  | {
      readonly kind: 'text'
      readonly status: number
      readonly type: string
      readonly text: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'empty'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'problem'; readonly problem: HttpProblem }
  /** Server-sent events: `run` writes until it returns or the call's signal is aborted. */
  | { readonly kind: 'stream'; readonly run: (sink: EventSink) => Promise<void> }

export interface EventSink {
  /** Resolves when the caller's connection takes more: a slow caller slows its own stream, nothing is buffered for it. */
  send(event: { readonly id?: string; readonly event: string; readonly data: unknown }): Promise<void>
}

export interface Route<Params = unknown, Query = unknown, Content = unknown> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** As OpenAPI writes it: `/v1/rules/{id}`. */
  readonly path: string
  readonly operation: string
  readonly tag:
    | 'rules'
    | 'proposals'
    | 'events'
    | 'alerts'
    | 'lists'
    | 'silences'
    | 'webhooks'
    | 'replays'
    | 'erasures'
    | 'service'
  readonly access: Access
  /**
   * `namespace`: whoever may do it in some namespace is let in, and the route looks only at, and touches only, what is in those. Default:
   * only for those who may do it in all of them.
   */
  readonly scope?: 'service' | 'namespace'
  readonly summary: string
  /** May take a minute: it reads many texts. */
  readonly slow?: true
  readonly description?: string
  readonly params?: JsonSchema
  readonly query?: JsonSchema
  readonly headers?: JsonSchema
  readonly body?: Body
  readonly responses: Readonly<Record<number, ResponseSpec>>
  /** Statuses of the problems that it may answer, besides those that every route may. */
  readonly problems?: readonly number[]
  readonly handle: (call: Call<Params, Query, Content>, services: Services) => Promise<Answer>
}

/** Fixes the types of a handler to its route and forgets them again, so that routes of all kinds stand in one list. */
export const route = <Params, Query, Content>(definition: Route<Params, Query, Content>): Route =>
  definition as unknown as Route

export const data = (
  body: unknown,
  status = 200,
  headers?: Readonly<Record<string, string>>,
  audit?: AuditNote,
): Answer => ({
  kind: 'data',
  status,
  data: body,
  ...(headers === undefined ? {} : { headers }),
  ...(audit === undefined ? {} : { audit }),
})

export const problem = (
  status: number,
  code: string,
  detail: string,
  rest: Omit<HttpProblem, 'status' | 'code' | 'detail'> = {},
): Answer => ({ kind: 'problem', problem: { status, code, detail, ...rest } })
