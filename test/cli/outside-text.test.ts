import { spawnSync } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { flagNames } from '../../src/cli/flags/flag-names.js'
import { safeLine } from '../../src/cli/output/output.js'
import { reasonIn } from '../../src/engine/plan/blocked-reasons.js'
import { GitSyncError } from '../../src/errors.js'
import { printable } from '../../src/runtime/printable.js'
import { setting, worded } from '../../src/wording.js'
import { stage } from '../../testing/cases/stage.js'
import { configEnv, gitEnv } from '../../testing/git/git.js'
import { FLUSH, pkt, startFakeRemote } from '../../testing/packets/wire.js'
import { cli, gitSync, gitSyncOnTerminal } from '../../testing/processes/command.js'
import { processorTime } from '../../testing/processes/processor-time.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const ODD = [
  '\u001b]0;title\u0007',
  '\u009b2J',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200f',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\u{e0041}',
]
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0041}]/u

t.test('text from outside becomes printable, and stays short', async (t) => {
  for (const odd of ODD) {
    t.notMatch(printable(`a${odd}b`), UNSAFE)
    t.match(printable(`a${odd}b`), /^a.+b$/)
  }
  t.equal(printable('Grüße 👩‍💻 می‌خواهم'), 'Grüße 👩‍💻 می‌خواهم', 'joiners are part of words')
  t.equal(printable('a\ud800b\udc80'), 'a\ufffdb\ufffd')
  t.equal(printable(`${'x'.repeat(9)}👩${'y'.repeat(9)}`, 10), `${'x'.repeat(9)}…`)
  const plain = { isTTY: false } as NodeJS.WriteStream
  const colours = { isTTY: true, hasColors: () => true } as NodeJS.WriteStream
  t.notMatch(safeLine(plain, `a\u001b[31mb${ODD.join('')}`), UNSAFE)
  const kept = safeLine(colours, `\u001b[31ma\u001b[39m\u001b[2J${ODD.join('')}`)
  t.ok(kept.startsWith('\u001b[31ma\u001b[39m '))
  t.notMatch(kept.replace('\u001b[31m', '').replace('\u001b[39m', ''), UNSAFE)
})

t.test('a remote says nothing to a terminal, by whatever way its words come', async (t) => {
  const odd = ODD.join('x')
  const id = 'a'.repeat(40)
  const name = 'refs/heads/\u202emain\u009b2J'
  const remote = await startFakeRemote((request, response) => {
    if (request.url?.includes('refuse')) response.writeHead(403, { 'content-type': 'text/plain' }).end(odd)
    else if (request.url?.includes('fatal')) {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      response.end(Buffer.concat([pkt(`ERR ${odd}`), FLUSH]))
    } else {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      const lines = [
        `${id} HEAD\0 symref=HEAD:${name} agent=git/${odd.replaceAll(/\s/g, '')}\n`,
        `${id} ${name}\n`,
      ]
      response.end(Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH, ...lines.map(pkt), FLUSH]))
    }
  })
  t.teardown(() => remote.close())
  for (const path of ['list', 'refuse', 'fatal']) {
    for (const flags of [['-v'], ['--json']]) {
      const { stdout, stderr } = await gitSync(['probe', remote.url(path), ...flags])
      t.ok(stdout + stderr, path)
      t.notMatch(stdout, UNSAFE, `${path} ${flags}`)
      t.notMatch(stderr, UNSAFE, `${path} ${flags}`)
    }
  }
  const { stdout } = await gitSync(['probe', remote.url('list'), '--json'])
  t.equal(JSON.parse(stdout).refs[0].name, name, 'JSON says the same, in escapes')
  const { output } = await gitSyncOnTerminal(['probe', remote.url('list'), '-v'])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
  t.notMatch(output.replaceAll(/\u001b\[\d+m|\r/g, ''), UNSAFE)
})

t.test('a usage error repeats no control characters of an argument', async (t) => {
  const { status, stderr } = await gitSync(['sync', `--${ODD.join('')}`, 'a'])
  t.equal(status, 2)
  t.notMatch(stderr, UNSAFE)
  const began = performance.now()
  const long = await gitSync(['sync', '--a'.repeat(40_000)])
  t.equal(long.status, 2)
  t.ok(performance.now() - began < 20_000)
})

t.test('text is made printable in linear time, and only our own words are worded', async (t) => {
  const hostile = [
    ` /${'a'.repeat(200_000)}!`,
    ` /${'a/'.repeat(200_000)}!`,
    ' /a'.repeat(200_000),
    `policy.${'a.'.repeat(200_000)}!`,
    'policy.'.repeat(100_000),
    '/'.repeat(400_000),
    ` /${'0'.repeat(400_000)}x`,
  ]
  const time = await processorTime(() => {
    for (const text of hostile) {
      t.equal(new GitSyncError('unsupported', text).wordedIn(flagNames).message, text)
      t.equal(reasonIn(flagNames, text), text)
      t.equal(flagNames.pointer(text), text)
    }
    for (const text of hostile) printable(text, 1_000_000)
  })
  t.ok(time < 10_000, `${Math.round(time)} ms`)
  const said = 'set policy.force or /replicate'
  const prune = worded`The source refused: ${said}; drop ${setting('policy.prune')}.`
  const check = worded`Check ${setting('auth.source')}. It says: ${said}`
  t.equal(prune.in(flagNames), `The source refused: ${said}; drop --prune.`)
  t.equal(check.in(flagNames), `Check --source-token. It says: ${said}`)
  t.equal(flagNames.pointer('/scope/mappings/0/source'), '--map')
})

t.test('a hook with a long path in its message does not hang the command line', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  await target.hook('update', `echo "see /srv/git/${'hooks/'.repeat(40)}update!" >&2; exit 1`)
  await target.hook('pre-receive', `echo "denied: policy.force in /${'deep/'.repeat(40)}x!"; exit 1`)
  const { status, stderr } = await gitSync(['sync', source.url, target.url])
  t.equal(status, 1)
  t.match(stderr, '(ref_rejected)')
})

/** A helper that logs what git asks of it, and knows a password for everything. */
async function greedyHelper(t: Parameters<typeof stage>[0]) {
  const folder = await temporaryFolder(t)
  const [script, log] = [join(folder, 'helper'), join(folder, 'log')]
  await writeFile(
    script,
    `#!/bin/sh\ncat >> '${log}'\n[ "$1" = get ] && printf 'username=ada\\npassword=S3CRET\\n'\ntrue\n`,
  )
  await chmod(script, 0o755)
  await writeFile(log, '')
  return { env: configEnv({ 'credential.helper': script }), log: () => readFile(log, 'utf8') }
}

t.test('no value becomes a line of git’s credential protocol', async (t) => {
  const { source } = await stage(t, { source: { auth: { username: 'ada', password: 'other' } } })
  await source.commit('main')
  const { env, log } = await greedyHelper(t)
  const asks: [string[], NodeJS.ProcessEnv][] = [
    [['probe', source.url, '--source-username', 'ada\nhost=evil.example'], {}],
    [['probe', source.url, '--source-username', 'ada\rhost=evil.example'], {}],
    [['probe', source.url], { GITSYNC_SOURCE_USERNAME: 'ada\n\nurl=https://evil.example' }],
  ]
  for (const [args, more] of asks) {
    const { status, stderr } = await gitSync(args, { env: { ...env, ...more } })
    t.equal(status, 2)
    t.match(
      stderr,
      /^git-sync: --source-username has a character that no header can carry, a line end perhaps/,
    )
  }
  const demanding = await startFakeRemote((_request, response) => void response.writeHead(401).end())
  t.teardown(() => demanding.close())
  for (const path of ['a%0ahost=evil.example', 'a%0D%0Ahost=evil.example', 'a%00b']) {
    const { status, stderr } = await gitSync(['probe', demanding.url(path)], { env })
    t.equal(status, 2, path)
    t.match(stderr, 'the URL of the source holds a line end or a NUL')
  }
  t.equal(await log(), '', 'git has asked its helper for nothing')
})

t.test('arguments and variables that are not UTF-8 are refused, as they would name other refs', async (t) => {
  const quoted = `'${process.execPath}' '${cli}' plan http://127.0.0.1:1/a http://127.0.0.1:1/b`
  const run = (script: string) => spawnSync('sh', ['-c', script], { env: gitEnv(), encoding: 'utf8' })
  const argument = run(`${quoted} --exclude-ref "$(printf 'refs/heads/sch\\374tz')"`)
  t.equal(argument.status, 2)
  t.match(argument.stderr, /^git-sync: argument 5 is not UTF-8/)
  const variable = run(`GITSYNC_SOURCE_TOKEN="$(printf 't\\374')" ${quoted}`)
  t.equal(variable.status, 2)
  t.match(variable.stderr, /^git-sync: GITSYNC_SOURCE_TOKEN is not UTF-8/)
})

t.test('a misspelt variable is not ignored', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  const probe = (env: NodeJS.ProcessEnv) => gitSync(['probe', source.url], { env })
  const slip = await probe({ GITSYNC_STALL_TIMOUT: '1m' })
  t.equal(slip.status, 2)
  t.match(slip.stderr, 'GITSYNC_STALL_TIMOUT is not a setting: did you mean GITSYNC_STALL_TIMEOUT?')
  const other = await probe({ GITSYNC_WHATEVER: '1', GITSYNC_PORT: '1', GITSYNC_EMPTY: '' })
  t.equal(other.status, 0)
  t.equal(
    other.stderr,
    'git-sync: warning: GITSYNC_WHATEVER is not a setting of git-sync, and has no effect\n',
  )
})
