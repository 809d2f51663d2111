import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { sideFlags } from '../../src/cli/flags/flags.js'
import { parseCallers } from '../../src/service/access/callers.js'
import { parseCredentials } from '../../src/service/access/credentials-file.js'
import { ReloadingFile } from '../../src/service/access/reloading-file.js'
import { SETTINGS } from '../../src/settings/settings.js'
import { CLI_VARIABLES, checkVariables } from '../../src/settings/variables.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const check = (name: string) => checkVariables({ [name]: 'x' }, SETTINGS, [...SETTINGS, ...CLI_VARIABLES])

t.test('one slip from a setting stops, and says which was meant', async (t) => {
  const slips: [string, string][] = [
    ['GITSYNC_PROT', 'GITSYNC_PORT'],
    ['GITSYNC_POTR', 'GITSYNC_PORT'],
    ['GITSYNC_PORTS', 'GITSYNC_PORT'],
    ['GITSYNC_PORR', 'GITSYNC_PORT'],
    ['GITSYNC_API_TOKEN', 'GITSYNC_API_TOKENS'],
    ['GITSYNC_APITOKENS', 'GITSYNC_API_TOKENS'],
    ['GITSYNCPORT', 'GITSYNC_PORT'],
    ['gitsync_port', 'GITSYNC_PORT'],
    ['GITSYNC_API_TOKENS_FLIE', 'GITSYNC_API_TOKENS_FILE'],
    ['GITSYNC_EGRES_POLICY', 'GITSYNC_EGRESS_POLICY'],
    ['GITSYNC_ALLOW_HOSTS', ''],
  ]
  for (const [name, meant] of slips) {
    if (meant === '') t.match(check(name), [name])
    else
      t.throws(() => check(name), {
        name: 'SettingError',
        message: `${name} is not a setting: did you mean ${meant}?`,
      })
  }
})

t.test('any other unknown one is a warning, and known ones are none', async (t) => {
  t.match(check('GITSYNC_SERVICE_HOST'), [/GITSYNC_SERVICE_HOST/])
  for (const name of [...SETTINGS, ...CLI_VARIABLES, 'GIT_SYNC_PORT', 'PATH'])
    t.strictSame(check(name), [], name)
  t.strictSame(checkVariables({ GITSYNC_PROT: '' }, SETTINGS), [], 'an empty one is one that is not set')
  const variables = [...sideFlags.source, ...sideFlags.target].flatMap(({ variable }) => variable ?? [])
  t.ok(variables.length > 0 && variables.every((name) => CLI_VARIABLES.includes(name)))
  t.strictSame(
    CLI_VARIABLES.filter((name) => !variables.includes(name)),
    [],
    'none is known that nothing reads',
  )
})

t.test('a value that is not UTF-8 has come as U+FFFD', async (t) => {
  t.throws(() => checkVariables({ GITSYNC_API_TOKENS: 'a\ufffd' }, SETTINGS), {
    message: /GITSYNC_API_TOKENS is not UTF-8/,
  })
})

t.test('files must be UTF-8, and may begin with a byte order mark', async (t) => {
  const path = join(await temporaryFolder(t), 'file')
  const open = async <T>(bytes: Buffer | string, parse: (text: string) => T) => {
    await writeFile(path, bytes)
    return (await ReloadingFile.open({ setting: 'GITSYNC_X', path, parse, onReloadFailed: () => {} })).read()
  }
  const line = 'https://ada:t@git.example'
  t.equal((await open(`\ufeff${line}\n`, parseCredentials))[0]?.origin, 'https://git.example')
  t.equal((await open('\ufeffci:T0KEN\n', parseCallers))[0]?.name, 'ci')
  const second = Buffer.concat([
    Buffer.from(`${line}\n`),
    Buffer.from('https://ada:p\xe4ss@b.example\n', 'latin1'),
  ])
  await t.rejects(open(second, parseCredentials), { message: 'GITSYNC_X must be UTF-8, but line 2 is not' })
  await t.rejects(open(Buffer.from(`\ufeff${line}`, 'utf16le'), parseCredentials), {
    message: /line 1 is not/,
  })
  await t.rejects(open(Buffer.from('ci:T\xe4', 'latin1'), parseCallers), { message: /line 1 is not/ })
})
