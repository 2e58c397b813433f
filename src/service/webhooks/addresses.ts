import { BlockList, isIP } from 'node:net'

/** Not for everybody: RFC 6890 and the metadata services of clouds that have an address outside of it. */
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
/** The only IPv6 addresses that are for everybody; IPv4 in IPv6, NAT64, unique local and link-local ones are outside. */
const PUBLIC_V6 = ['2000::/3']
/** Inside of it: protocol assignments with Teredo, documentation, 6to4. */
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

/** Whether a connection to the address may be made. */
export type AddressCheck = (address: string) => boolean

/** Public addresses, and those of the given networks. An IPv4 address that is written as an IPv6 one never. */
export function addressCheck(allowed: readonly string[]): AddressCheck {
  // The families are kept apart: node compares an IPv4-mapped address with networks of IPv4, too.
  const family = (networks: readonly string[], type: 4 | 6): BlockList =>
    listOf(networks.filter((network) => isIP(network.split('/', 1)[0] ?? '') === type))
  const allowed4 = family(allowed, 4)
  const allowed6 = family(allowed, 6)
  const notPublic4 = listOf(NOT_PUBLIC_V4)
  const public6 = listOf(PUBLIC_V6)
  const notPublic6 = listOf(NOT_PUBLIC_V6)
  return (address) => {
    switch (isIP(address)) {
      case 4:
        return allowed4.check(address, 'ipv4') || !notPublic4.check(address, 'ipv4')
      case 6:
        return (
          allowed6.check(address, 'ipv6') ||
          (public6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6'))
        )
      default:
        return false
    }
  }
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}
