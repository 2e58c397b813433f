import { inspect } from 'node:util'

/** What stands in a secret's place. */
export const HIDDEN = '***'

/** A value that must not be seen: every way to print it gives `***`. Only `reveal` gives it out. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

/** The URL, or each of several with commas between them, with user name and password hidden. */
export function redactUrl(urls: string): string {
  return urls
    .split(',')
    .map((url) => url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, `$1${HIDDEN}@`))
    .join(',')
}
