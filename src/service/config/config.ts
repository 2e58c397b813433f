import type { CodegenSetting } from '../../engine/index.ts'
import type { Secret } from './secret.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type ApiRole = 'viewer' | 'producer' | 'author' | 'approver' | 'operator'

/** A role for some namespaces of rules; `*` among them: for all, and for what belongs to none. */
export interface Grant {
  readonly role: ApiRole
  readonly namespaces: readonly string[]
}

export interface EmbeddedBrokerConfig {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly serverPath: string | undefined
}

export interface NatsConfig {
  /** Absent: a nats-server is started beside the service. May carry user and password: print it with `redactUrl`. */
  readonly url: string | undefined
  readonly credsFile: string | undefined
  readonly user: string | undefined
  readonly password: Secret | undefined
  readonly token: Secret | undefined
  readonly inboxPrefix: string | undefined
  readonly tls:
    | { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
    | undefined
  readonly embedded: EmbeddedBrokerConfig
}

export interface InputConfig {
  readonly stream: string
  readonly subjects: readonly string[]
  readonly sourceStreams: ReadonlyArray<{ readonly stream: string; readonly filter?: string }>
  /** The stream is the operator's; nothing is created or changed in it. */
  readonly inPlace: boolean
  readonly retentionMs: number
  readonly bytesMax: number
}

export interface SourceConfig {
  readonly name: string
  readonly subject: string
  /** Path of the field; absent: the broker's time. */
  readonly timestamp: string | undefined
  readonly unit: 'ms' | 's'
  readonly latenessMs: number
  readonly maxAheadMs: number
  readonly idleMs: number
}

export interface HttpConfig {
  readonly host: string
  readonly port: number
  readonly workerPort: number
  readonly bodyBytesMax: number
  readonly eventsBodyBytesMax: number
  readonly requestTimeoutMs: number
  readonly connectionsMax: number
  readonly streamsMax: number
  readonly requestsPerSecond: number
  readonly failedLoginsPerMinute: number
  /** As browsers write them. */
  readonly corsOrigins: readonly string[]
}

export interface ApiKeyConfig {
  readonly id: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly hash: string
  readonly grants: readonly Grant[]
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined
}

/** A role for those whose token has this claim. */
export interface ClaimGrant extends Grant {
  readonly claim: string
  readonly value: string
}

/** Which tokens of an identity provider are accepted, and what they give. */
export interface JwtConfig {
  readonly issuer: string
  readonly audience: string
  readonly keys:
    | { readonly kind: 'remote'; readonly url: string }
    | { readonly kind: 'file'; readonly path: string }
  readonly algorithms: readonly string[]
  readonly clockToleranceMs: number
  readonly subjectClaim: string
  readonly grants: readonly ClaimGrant[]
}

export interface AuthConfig {
  readonly apiKeys: readonly ApiKeyConfig[]
  readonly jwt: JwtConfig | undefined
}

/** When a change of what is live waits for others. */
export interface ApprovalsConfig {
  /** How many others must approve; 0: nobody. */
  readonly needed: number
  /** Of the rules that it is for; `*` among them: all. */
  readonly namespaces: readonly string[]
  readonly expireAfterMs: number
  /** Whether an operator may do without. */
  readonly breakGlass: boolean
}

/** Where webhooks may go. */
export interface AllowedTarget {
  readonly scheme: 'http' | 'https'
  /** As URLs write it. */
  readonly host: string
  /** Names under the host, not the host itself. */
  readonly subdomains: boolean
  readonly port: number | 'any'
}

export interface WebhooksConfig {
  readonly allow: readonly AllowedTarget[]
  /** Networks that are not public, as `address/bits`. */
  readonly allowAddresses: readonly string[]
  /** At most two of a name. */
  readonly secrets: ReadonlyArray<{ readonly name: string; readonly secret: Secret }>
  readonly timeoutMs: number
  readonly retry: {
    readonly firstMs: number
    readonly maxMs: number
    readonly attemptsMax: number
    readonly giveUpAfterMs: number
  }
  readonly deadLetters: { readonly retentionMs: number; readonly bytesMax: number }
}

/** Names are those of the engine's partition limits. */
export interface LimitsConfig {
  readonly payloadBytesMax: number
  readonly depthMax: number
  readonly membersMax: number
  readonly keysPerRuleMax: number
  readonly partialMatchesPerRuleMax: number
  readonly partialMatchesMax: number
  readonly bufferedEventsMax: number
  readonly alertsPerMinuteMax: number
  readonly ruleFuelPerSecondMax: number
  readonly guestNamespaces: readonly string[]
  readonly guestFuelPerSecondMax: number
}

/** The configuration after checks: every key has its value, units are numbers, paths are absolute, secrets are read and hidden. */
export interface Config {
  /** The file it came from, if there was one. */
  readonly file: string | undefined
  /** What a file says that means the same, to be shown: keys and units as documented, paths absolute, secrets hidden. */
  readonly document: Readonly<Record<string, unknown>>
  readonly dataDir: string
  readonly nats: NatsConfig
  readonly input: InputConfig
  readonly sources: readonly SourceConfig[]
  readonly partitions: number
  readonly commitIntervalMs: number
  readonly http: HttpConfig
  readonly auth: AuthConfig
  readonly approvals: ApprovalsConfig
  readonly alerts: { readonly retentionMs: number; readonly bytesMax: number }
  readonly webhooks: WebhooksConfig
  readonly limits: LimitsConfig
  readonly redact: readonly string[]
  readonly telemetry: { readonly serviceName: string }
  readonly log: { readonly level: LogLevel }
  readonly codegen: CodegenSetting
}
