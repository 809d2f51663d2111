import t from 'tap'
import { serveApp } from '../../testing/processes/served-app.js'

for (const [path, status] of [
  ['/healthz', 'ok'],
  ['/readyz', 'ready'],
] as const) {
  t.test(`GET ${path} says ${status}`, async (t) => {
    const { url } = await serveApp(t)
    const response = await fetch(url + path)
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^application\/json/)
    t.strictSame(await response.json(), { status })
  })
}
