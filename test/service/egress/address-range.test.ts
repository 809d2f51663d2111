import t from 'tap'
import { addressRange } from '../../../src/service/egress/address-range.js'

const ranges: Record<string, string[]> = {
  unicast: ['8.8.8.8', '140.82.121.4', '2606:50c0:8000::153', '2a00:1450:4001::1'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  uniqueLocal: ['fc00::1', 'fdff::1'],
  carrierGradeNat: ['100.64.0.1', '100.127.255.255'],
  linkLocal: ['169.254.0.1', '169.254.170.2', 'fe80::1', 'fe80::1%eth0'],
  metadata: [
    '169.254.169.254',
    'fd00:ec2::254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fd20:ce::254',
  ],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  broadcast: ['255.255.255.255'],
  ipv4Mapped: ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1'],
  rfc6052: ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  '6to4': ['2002:7f00:1::', '2002:808:808::1'],
  teredo: ['2001::1', '2001:0:7f00:1::'],
  rfc6145: ['::ffff:0:7f00:1'],
  // IPv4-compatible addresses, what was never given out, and what is for documents and benchmarks.
  reserved: [
    '::7f00:1',

    '4000::1',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
  ],
  deprecatedSiteLocal: ['fec0::1'],
  discard: ['100::1'],
}

for (const [range, addresses] of Object.entries(ranges)) {
  t.test(`${range} is what it is called`, async (t) => {
    for (const address of addresses) t.equal(addressRange(address), range, address)
  })
}
