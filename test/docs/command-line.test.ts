import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { buildProgram } from '../../src/cli/command-line.js'
import { exitStatus } from '../../src/cli/output/exit-status.js'
import { RUN_VARIABLES } from '../../src/settings/run-settings.js'
import { stage } from '../../testing/cases/stage.js'
import { gitEnv } from '../../testing/git/git.js'
import { cli } from '../../testing/processes/command.js'
import { localize, readPage } from '../../testing/project/documents.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const run = promisify(execFile)
const { text, fences } = readPage('docs/command-line.md')
const { commands } = buildProgram()
const options = commands.flatMap((command) => command.options)

/** The items that only one of two lists has. */
function difference(one: Iterable<string>, other: Iterable<string>): string[] {
  const [a, b] = [new Set(one), new Set(other)]
  return [...a].filter((item) => !b.has(item)).concat([...b].filter((item) => !a.has(item)))
}
const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([found]) => found)

t.test('every flag is documented, and every flag of the document is one', async (t) => {
  // The text documents some flags for one side only, and says that both have them.
  const twins = options
    .map(({ long }) => long ?? '')
    .filter((long) => /^--target-(?:username|(?:bearer-)?token)$/.test(long))
  const flags = new Set(options.map(({ long }) => long ?? ''))
  const documented = [...all(/--[a-z][a-z-]+/g), ...twins]
  t.strictSame(difference([...flags, '--help', '--version'], documented), [])
})

t.test('every variable is documented, and the other way round', async (t) => {
  const variables = options.flatMap(({ envVar }) => envVar ?? [])
  t.strictSame(difference([...variables, ...RUN_VARIABLES], all(/GITSYNC_[A-Z_]+[A-Z]/g)), [])
})

t.test('every command and exit status is documented', async (t) => {
  for (const command of commands) {
    const usage = [
      command.name(),
      ...command.registeredArguments.map((given) =>
        given.required ? `<${given.name()}>` : `[${given.name()}]`,
      ),
    ]
    t.match(text, `| \`${usage.join(' ')}\` |`)
  }
  for (const status of Object.values(exitStatus)) t.match(text, new RegExp(`^\\| ${status} \\|`, 'm'))
})

const examples = fences.filter(({ language }) => language === 'sh')
t.ok(examples.length >= 5)
for (const example of examples) {
  t.test(`runs: ${example.text.split('\n')[0]}`, async (t) => {
    const { source, target } = await stage(t, {
      // A target that wants a token only gets one from the example that is about tokens.
      target: example.text.includes('t0ken') ? { auth: { username: 'ada', password: 't0ken' } } : {},
    })
    await source.addCommits('main', 3)
    await source.branch('release/1.0', await source.head('main'))
    await source.addCommits('main', 1)
    await source.tag('v1', 'main')
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'git-sync'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, {
      mode: 0o755,
    })
    const env = { ...gitEnv(), PATH: `${folder}:${process.env.PATH}` }

    const { stdout } = await run('sh', ['-eu', '-c', localize(example.text, source, target)], {
      cwd: folder,
      env,
    })

    if (/git-sync (sync|replicate|bootstrap) /.test(example.text)) {
      t.match(stdout, /^done: /m)
      t.not(Object.keys(await target.soundRefs()).length, 0)
    } else {
      t.strictSame(await target.refs(), {})
    }
  })
}
