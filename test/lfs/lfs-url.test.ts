import t from 'tap'
import { apiUrl, lfsServerUrl } from '../../src/lfs/lfs-url.js'

t.test('the LFS server of a repository', async (t) => {
  const cases: Record<string, string> = {
    'https://host.example/a/b': 'https://host.example/a/b.git/info/lfs',
    'https://host.example/a/b/': 'https://host.example/a/b.git/info/lfs',
    'https://host.example/a/b.git': 'https://host.example/a/b.git/info/lfs',
    'https://host.example/a/b.git/': 'https://host.example/a/b.git/info/lfs',
    'https://host.example:8443/b?x=1#y': 'https://host.example:8443/b.git/info/lfs',
  }
  for (const [url, expected] of Object.entries(cases)) t.equal(lfsServerUrl(new URL(url)).href, expected, url)
})

t.test('another server that a request names', async (t) => {
  const url = lfsServerUrl(new URL('https://host.example/b'), 'https://lfs.example/b/?token=x')
  t.equal(apiUrl(url, '/objects/batch').href, 'https://lfs.example/b/objects/batch?token=x')
  t.equal(
    apiUrl(lfsServerUrl(new URL('https://host.example/b'), ''), '/x').href,
    'https://host.example/b.git/info/lfs/x',
  )
})
