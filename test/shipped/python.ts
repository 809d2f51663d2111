// Part of `npm run shipped`.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { missing, runPython } from '../../testing/processes/python.js'
import { serveApp } from '../../testing/processes/served-app.js'
import { projectFile } from '../../testing/project/project.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const PROGRAM = `
import sys
from git_sync_client import Client
from git_sync_client.api.runs import plan, probe, sync
from git_sync_client.models import Endpoint, PlanRequest, ProbeRequest, Problem, SyncPolicy, SyncRequest

base_url, source, target = sys.argv[1:]
client = Client(base_url=base_url, headers={"Accept": "application/json"})
source, target = Endpoint(url=source), Endpoint(url=target)

listed = probe.sync(client=client, body=ProbeRequest(source=source))
planned = plan.sync(client=client, body=PlanRequest(source=source, target=target))
policy = SyncPolicy(expected_plan=planned.plan.digest)
done = sync.sync(client=client, body=SyncRequest(source=source, target=target, policy=policy))
again = sync.sync(client=client, body=SyncRequest(source=source, target=target, policy=policy))
assert isinstance(again, Problem), again
print(len(listed.refs), planned.plan.create, done.counts.applied, done.refs[0].action.value, again.code.value)
`

const generator = 'openapi-python-client'

t.test(
  'a client of openapi-python-client probes, plans and syncs',
  { skip: await missing(generator) },
  async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.commit('main')
    const { url } = await serveApp(t, { client })
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'program.py'), PROGRAM)

    const output = join(folder, 'git_sync_client')
    const flags = ['--meta', 'none', '--output-path', output, '--fail-on-warning']
    const document = projectFile('openapi/openapi.json')
    await runPython(generator, 'generate', '--path', document, ...flags)
    const parts = request()
    const said = await runPython(
      'python',
      join(folder, 'program.py'),
      url,
      parts.source.url,
      parts.target.url,
    )

    t.equal(said, '1 1 1 create plan_changed\n')
    t.strictSame(await target.soundRefs(), await source.refs())
  },
)
