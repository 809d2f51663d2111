import { writeFile } from 'node:fs/promises'
import { buildApp } from '../src/app.js'
import { Client } from '../src/engine/client.js'
import { recordExamples } from './record-examples.js'

// Run by `npm run openapi`, from the folder of package.json. Tests in test/openapi fail if the files are out of date.

await write('openapi/examples.json', await recordExamples())
const app = await buildApp({ client: new Client() })
await app.ready()
await write('openapi/openapi.json', app.swagger())
await app.close()

function write(path: string, value: unknown): Promise<void> {
  return writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}
