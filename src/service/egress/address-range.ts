import ipaddr from 'ipaddr.js'

/**
 * The range of an IP address as ipaddr.js names it: `unicast` is the public internet. Two cases are stricter than the
 * library: cloud metadata services are `metadata` in any range, and in IPv6 only 2000::/3 is public, which excludes
 * IPv4-compatible and other forms that a translator may map to an internal address.
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
  // Alibaba, in the carrier-grade range.
  '100.100.100.200/32',
  // Oracle and Azure; the latter looks public.
  '192.0.0.192/32',
  '168.63.129.16/32',
  // Amazon and Google, in the unique-local range.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
].map((subnet) => ipaddr.parseCIDR(subnet))
const GLOBAL_IPV6: Subnet = ipaddr.parseCIDR('2000::/3')

function isIn(address: Address, [network, bits]: Subnet): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
