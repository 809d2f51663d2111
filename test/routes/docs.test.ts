import t from 'tap'
import { serveApp } from '../../testing/processes/served-app.js'

t.test('GET /openapi.json is the document that the application generates', async (t) => {
  const { app, url } = await serveApp(t)
  const response = await fetch(`${url}/openapi.json`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.strictSame(await response.json(), JSON.parse(JSON.stringify(app.swagger())))
})
