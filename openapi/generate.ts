import { writeFile } from 'node:fs/promises'
import { buildApp } from '../src/app.js'
import { Client } from '../src/engine/client.js'
import { recordExamples } from './record-examples.js'

// What `npm run openapi` runs, from the folder of package.json. test/openapi proves that nobody forgot to.

await write('openapi/examples.json', await recordExamples())
const app = await buildApp({ client: new Client() })
await app.ready()
await write('openapi/openapi.json', app.swagger())
await app.close()

function write(path: string, value: unknown): Promise<void> {
  return writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}
