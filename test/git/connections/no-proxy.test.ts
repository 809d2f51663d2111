import t from 'tap'
import { NoProxy } from '../../../src/git/connections/no-proxy.js'

const table: [string, string[], string[]][] = [
  ['', [], ['a', '127.0.0.1']],
  ['*', ['a.example', '127.0.0.1', '::1'], []],
  ['a,*', ['b.example'], []],
  [
    'corp.example',
    ['corp.example', 'git.corp.example', 'GIT.Corp.Example.'],
    ['mycorp.example', 'corp.example.org'],
  ],
  ['.corp.example', ['corp.example', 'git.corp.example'], ['mycorp.example']],
  ['*.corp.example', ['git.corp.example'], ['mycorp.example']],
  ['Corp.Example.', ['git.corp.example'], []],
  ['a.example b.example,\tc.example', ['a.example', 'b.example', 'c.example'], ['d.example']],
  ['corp.example:8080', ['corp.example:8080'], ['corp.example', 'corp.example:80']],
  ['10.0.0.0/8', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1', '10.example', 'git10.0.0.0']],
  ['10.0.0.0/8:8080', ['10.1.2.3:8080'], ['10.1.2.3']],
  ['192.168.1.77/24', ['192.168.1.1'], ['192.168.2.1']],
  ['10.1.2.3', ['10.1.2.3'], ['10.1.2.4', '110.1.2.3']],
  ['::1', ['::1', '[::1]', '[0:0::1]'], ['::2']],
  ['[::1]:8080', ['[::1]:8080'], ['::1']],
  ['fd00::/8', ['fd12::1', '[fd12::1]'], ['fe80::1', '253.0.0.1']],
  ['10.0.0.0/33,10.0.0.0/x,/8,nonsense/8,:,[', [], ['10.0.0.1', 'nonsense']],
]

t.test('what NO_PROXY covers', async (t) => {
  for (const [text, covered, others] of table) {
    const noProxy = new NoProxy(text)
    const covers = (host: string) => {
      const [, name = host, port] = /^([^:]+|\[.*\]):(\d+)$/.exec(host) ?? []
      return noProxy.covers(name, Number(port ?? 443))
    }
    for (const host of covered) t.ok(covers(host), `"${text}" covers ${host}`)
    for (const host of others) t.notOk(covers(host), `"${text}" does not cover ${host}`)
  }
})
