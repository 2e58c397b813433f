import type { Problem } from '../../engine/index.ts'
import { CliError } from '../cli-error.ts'
import { EXIT } from '../exit-code.ts'

export const DEFAULT_URL = 'http://127.0.0.1:8080'

export interface ApiClientOptions {
  /** Default: SEQUITUR_URL, else the service on this machine. */
  readonly server?: string | undefined
  readonly environment?: NodeJS.ProcessEnv
}

export interface ApiRequest {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: string
  readonly contentType?: string
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The service's REST API. What it refuses becomes a CliError with its code and hint. */
export class ApiClient {
  readonly url: string
  readonly #key: string | undefined

  constructor({ server, environment = process.env }: ApiClientOptions) {
    this.url = baseUrl(server ?? environment['SEQUITUR_URL'] ?? DEFAULT_URL)
    const key = environment['SEQUITUR_API_KEY']
    this.#key = key === undefined || key === '' ? undefined : key
  }

  async json<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.send(path, { accept: 'application/json', ...request })
    try {
      return (await response.json()) as T
    } catch {
      throw new CliError('answer-not-readable', `${this.url} answered something that is not JSON`, {
        hint: 'is this address that of a Sequitur service?',
      })
    }
  }

  async text(path: string, request: ApiRequest = {}): Promise<string> {
    return (await this.send(path, request)).text()
  }

  /** The response, if the service agreed. */
  async send(path: string, request: ApiRequest = {}): Promise<Response> {
    const address = new URL(`${this.url}${path}`)
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) address.searchParams.set(name, String(value))
    const response = await this.#fetch(address, request)
    if (!response.ok) throw await refusal(response)
    return response
  }

  async #fetch(address: URL, request: ApiRequest): Promise<Response> {
    try {
      return await fetch(address, {
        method: request.method ?? 'GET',
        headers: {
          ...(request.accept === undefined ? {} : { accept: request.accept }),
          ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
          ...request.headers,
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      })
    } catch (error) {
      if (request.signal?.aborted === true) throw error
      const cause = (error as Error).cause
      const reason = cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : ''
      throw new CliError('server-unreachable', `no Sequitur service answers at ${this.url}${reason}`, {
        hint: 'start one with `sequitur serve`, or name it with --server or SEQUITUR_URL',
      })
    }
  }
}

function baseUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CliError('bad-option', `${text} is no address of a service`, {
      exitCode: EXIT.usage,
      hint: `for example ${DEFAULT_URL}`,
    })
  return text.replace(/\/+$/, '')
}

interface ProblemAnswer {
  readonly code?: string
  readonly detail?: string
  readonly title?: string
  readonly hint?: string
  readonly errors?: ReadonlyArray<Omit<Problem, 'at'> & Problem['at']>
}

async function refusal(response: Response): Promise<CliError> {
  const text = await response.text()
  let answer: ProblemAnswer = {}
  try {
    answer = JSON.parse(text) as ProblemAnswer
  } catch {
    // Something in between answered: its status is all there is to say.
  }
  const { code = `http-${response.status}`, detail, title, errors = [] } = answer
  // The header is the client's business.
  const hint = response.status === 401 ? 'set SEQUITUR_API_KEY to a key or a token' : answer.hint
  return new CliError(code, detail ?? title ?? `the service answered ${response.status}`, {
    hint,
    problems: errors.map(problemOf),
    exitCode: [400, 422].includes(response.status) ? EXIT.usage : EXIT.findings,
  })
}

/** A problem as the API says it: the place's members beside the others. */
export type ProblemEntry = Omit<Problem, 'at'> & Problem['at']

export function problemOf(entry: ProblemEntry): Problem {
  const { file, pointer, line, column, length, ...rest } = entry
  return {
    ...rest,
    at: {
      ...(file === undefined ? {} : { file }),
      ...(pointer === undefined ? {} : { pointer }),
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
      ...(length === undefined ? {} : { length }),
    },
  }
}
