import { writeFile } from 'node:fs/promises'
import { buildApp } from '../src/app.js'
import { Client } from '../src/engine/client.js'

// What `npm run openapi` runs, from the folder of package.json. test/openapi.test.ts proves that nobody forgot to.

const app = await buildApp({ client: new Client() })
await app.ready()
await writeFile('openapi/openapi.json', `${JSON.stringify(app.swagger(), undefined, 2)}\n`)
await app.close()
