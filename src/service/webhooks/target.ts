import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { AllowedTarget } from '../config/index.ts'
import { addressCheck } from './addresses.ts'

/** All addresses of a name. */
export type Resolve = (
  name: string,
  done: (
    error: NodeJS.ErrnoException | null,
    addresses: ReadonlyArray<{ address: string; family: number }>,
  ) => void,
) => void

export const systemResolve: Resolve = (name, done) =>
  systemLookup(name, { all: true }, (error, addresses) => done(error, addresses ?? []))

/** Where webhooks may go. */
export interface TargetPolicy {
  /** Why not there, as a sentence; undefined: as far as the address itself says, it may. */
  refusal(url: string): string | undefined
  /** For a connection: gives only addresses that may be connected to, so that what is checked is what is connected to. */
  readonly lookup: LookupFunction
}

export const NOT_ALLOWED = 'ERR_ADDRESS_NOT_ALLOWED'

export function targetPolicy(options: {
  readonly allow: readonly AllowedTarget[]
  readonly allowAddresses: readonly string[]
  readonly resolve?: Resolve
}): TargetPolicy {
  const mayConnect = addressCheck(options.allowAddresses)
  const resolve = options.resolve ?? systemResolve
  return {
    refusal: (text) => {
      if (!URL.canParse(text)) return 'it is no URL'
      const url = new URL(text)
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not https'
      if (url.username !== '' || url.password !== '') return 'it has a user name or a password in it'
      if (url.hash !== '') return 'it has a fragment'
      const host = url.hostname.replace(/\.$/, '')
      if (!options.allow.some((allowed) => matches(allowed, url, host)))
        return `webhooks.allow has no entry for ${url.protocol}//${url.host}`
      // Node asks no resolver about a host that is an address already.
      const address = host.replace(/^\[(.*)\]$/, '$1')
      if (isIP(address) !== 0 && !mayConnect(address))
        return `${address} is not a public address, and webhooks.allowAddresses does not have it`
      return undefined
    },
    lookup: (name, { all }, done) =>
      resolve(name, (error, addresses) => {
        if (error !== null) return done(error, '', 0)
        const [first] = addresses
        // One address of a name that may not be connected to makes the name suspect: none of them is used.
        if (first === undefined || !addresses.every(({ address }) => mayConnect(address)))
          return done(
            Object.assign(new Error(`${name} has an address that is not allowed`), { code: NOT_ALLOWED }),
            '',
            0,
          )
        return all === true ? done(null, [...addresses]) : done(null, first.address, first.family)
      }),
  }
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' }

function matches(allowed: AllowedTarget, url: URL, host: string): boolean {
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port
  return (
    url.protocol === `${allowed.scheme}:` &&
    (allowed.subdomains ? host.endsWith(`.${allowed.host}`) : host === allowed.host) &&
    (allowed.port === 'any' || String(allowed.port) === port)
  )
}
