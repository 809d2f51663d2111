import t from 'tap'
import { GitSyncError } from '../../../src/index.js'
import { AllowedHosts } from '../../../src/service/egress/allowed-hosts.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import type { EgressMode } from '../../../src/settings/settings.js'

/** Addresses of every kind, by what the contract calls them. */
const kinds = {
  public: ['140.82.121.4', '2606:50c0:8000::153'],
  internal: ['10.1.2.3', '172.16.0.1', '192.168.0.1', 'fd12::1', '100.64.0.1'],
  special: ['127.0.0.1', '::1', '169.254.169.254', 'fe80::1', '100.100.100.200', 'fd00:ec2::254', '0.0.0.0'],
}
type Kind = keyof typeof kinds

const table: [mode: EgressMode, list: string | undefined, names: Kind[], addresses: Kind[]][] = [
  ['public', undefined, ['public'], ['public']],
  ['private', undefined, ['public', 'internal'], ['public', 'internal']],
  ['any', undefined, ['public', 'internal', 'special'], ['public', 'internal', 'special']],
  // A glob was not necessarily meant to cover addresses, so they are checked as those of a listed name are.
  ['public', '*', ['public', 'internal'], ['public', 'internal']],
  ['private', '*', ['public', 'internal'], ['public', 'internal']],
  ['any', '*', ['public', 'internal', 'special'], ['public', 'internal', 'special']],
]

for (const [mode, list, names, addresses] of table) {
  t.test(`${mode}${list ? ` with the list ${list}` : ''}`, async (t) => {
    const policy = new EgressPolicy(mode, list === undefined ? undefined : new AllowedHosts(list))
    for (const [kind, all] of Object.entries(kinds) as [Kind, string[]][]) {
      for (const address of all) {
        const name = verdict(() => policy.checkAddresses('a.example', [{ address }]))
        t.equal(name === 'allowed', names.includes(kind), `a name at ${address}`)
        const literal = verdict(() => policy.checkHost(address, 443))
        t.equal(literal === 'allowed', addresses.includes(kind), address)
      }
    }
    t.equal(
      verdict(() => policy.checkHost('a.example', 443)),
      'allowed',
    )
  })
}

t.test('a listed address is allowed as it is, whatever it is', async (t) => {
  const policy = new EgressPolicy('public', new AllowedHosts('127.0.0.1:8080, [fd00:ec2::254]'))
  policy.checkHost('127.0.0.1', 8080)
  policy.checkHost('[fd00:ec2::254]', 80)
  t.match(
    verdict(() => policy.checkHost('127.0.0.1', 8081)),
    /^The egress policy forbids 127\.0\.0\.1: GITSYNC_ALLOWED_HOSTS does not list it for port 8081\.$/,
  )
  t.match(
    verdict(() => policy.checkHost('8.8.8.8', 443)),
    /GITSYNC_ALLOWED_HOSTS/,
  )
})

t.test('one forbidden address among many is enough', async (t) => {
  const policy = new EgressPolicy('public')
  const addresses = [{ address: '140.82.121.4' }, { address: '10.0.0.1' }]
  t.match(
    verdict(() => policy.checkAddresses('a.example', addresses)),
    'forbids',
  )
})

t.test('a refusal names the setting that would allow it, and no address that a name has', async (t) => {
  const policy = new EgressPolicy('public')
  const refusal = (address: string) => verdict(() => policy.checkAddresses('a.example', [{ address }]))
  t.equal(
    refusal('100.64.0.1'),
    'The egress policy forbids a.example: its address is carrier-grade-nat; GITSYNC_EGRESS_POLICY=private would allow it.',
  )
  t.match(refusal('169.254.169.254'), /metadata; GITSYNC_EGRESS_POLICY=any would/)
  t.notMatch(refusal('10.1.2.3'), '10.1.2.3')
})

function verdict(check: () => void): string {
  try {
    check()
    return 'allowed'
  } catch (error) {
    if (error instanceof GitSyncError && error.code === 'egress_denied') return error.message
    throw error
  }
}
