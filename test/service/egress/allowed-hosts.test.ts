import t from 'tap'
import { AllowedHosts } from '../../../src/service/egress/allowed-hosts.js'

const lists: Record<string, Record<string, [host: string, port: number][]>> = {
  'git.example.com': {
    'by-name': [
      ['git.example.com', 443],
      ['GIT.example.com.', 8080],
    ],
    unlisted: [
      ['example.com', 443],
      ['a.git.example.com', 443],
      ['git.example.com.evil.net', 443],
      ['gitxexample.com', 443],
    ],
  },
  'git.example.com:8443, other.example:80': {
    'by-name': [
      ['git.example.com', 8443],
      ['other.example', 80],
    ],
    unlisted: [
      ['git.example.com', 443],
      ['other.example', 8443],
    ],
  },
  '*.example.com:443\ngit-?.corp': {
    'by-glob': [
      ['a.example.com', 443],
      ['a.b.example.com', 443],
      ['git-1.corp', 1],
    ],
    unlisted: [
      ['example.com', 443],
      ['a.example.com', 80],
      ['git-12.corp', 443],
      ['aXexample.com', 443],
    ],
  },
  '127.0.0.1 [::1]:8080 FD00:0:0::1': {
    'by-name': [
      ['127.0.0.1', 1],
      ['[::1]', 8080],
      ['::1', 8080],
      ['[fd00::1]', 443],
    ],
    unlisted: [
      ['[::1]', 443],
      ['127.0.0.2', 1],
    ],
  },
  '10.0.0.*, fd00::*': {
    'by-glob': [
      ['10.0.0.7', 443],
      ['[fd00::7]', 443],
    ],
    unlisted: [['10.0.1.7', 443]],
  },
  '*, 10.0.0.1': {
    'by-name': [['10.0.0.1', 443]],
    'by-glob': [
      ['127.0.0.1', 443],
      ['[::1]', 443],
      ['any.host', 443],
    ],
  },
}

for (const [text, listings] of Object.entries(lists)) {
  t.test(`the list ${JSON.stringify(text)}`, async (t) => {
    const allowed = new AllowedHosts(text)
    for (const [listing, hosts] of Object.entries(listings)) {
      for (const [host, port] of hosts) {
        t.equal(allowed.find(host, port) ?? 'unlisted', listing, `${host} ${port}`)
      }
    }
  })
}

t.test('an entry that cannot be read is named', async (t) => {
  for (const entry of [
    'https://a.example',
    'a.example:port',
    'a:b:c',
    '[::1',
    'a/b',
    '{a',
    '!a',
    'bücher.example',
    'a:0',
    'a:65536',
    '[a.example]',
    'fee:bad',
  ]) {
    t.throws(() => new AllowedHosts(`ok.example,${entry}`), /neither a host nor host:port/, entry)
  }
  t.throws(() => new AllowedHosts(' , '), /names no host/)
})
