import ipaddr from 'ipaddr.js'

/**
 * What an IP address is for, in ipaddr.js's words: `unicast` is one of the public internet. Stricter than the library
 * in two ways: clouds' metadata services are `metadata` wherever they hide, and of IPv6 only 2000::/3 is public,
 * which leaves out IPv4-compatible and other forms that a translator may take to an inside address.
 */
export function addressRange(address: string): string {
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (METADATA.some((subnet) => isIn(parsed, subnet))) return 'metadata'
  return range === 'unicast' && parsed.kind() === 'ipv6' && !isIn(parsed, GLOBAL_IPV6) ? 'reserved' : range
}

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Subnet = [Address, number]

const METADATA: readonly Subnet[] = [
  '169.254.169.254/32',
  // Alibaba's, in the carrier-grade range.
  '100.100.100.200/32',
  // Oracle's, and Azure's, which looks public.
  '192.0.0.192/32',
  '168.63.129.16/32',
  // Amazon's and Google's, among the unique-local ones.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
].map((subnet) => ipaddr.parseCIDR(subnet))
const GLOBAL_IPV6: Subnet = ipaddr.parseCIDR('2000::/3')

function isIn(address: Address, [network, bits]: Subnet): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
