import { tmpdir } from 'node:os'
import t from 'tap'
import { type Config, readConfig, SettingError } from '../../src/service/config.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const MIB = 1024 * 1024

const defaults: Config = {
  host: '127.0.0.1',
  port: 8080,
  logLevel: 'info',
  bodyLimit: MIB,
  runTimeout: 6 * HOUR,
  stallTimeout: 10 * MINUTE,
  shutdownGrace: MINUTE,
  spoolDir: tmpdir(),
  tempRefPrefix: 'refs/gitsync',
}

t.test('without settings the defaults hold', async (t) => {
  t.strictSame(readConfig({}), defaults)
  t.strictSame(readConfig({ PATH: '/bin', HOME: '/', OTHER_PORT: '1' }), defaults)
})

t.test('an empty variable is one that is not set', async (t) => {
  const names = ['HOST', 'PORT', 'LOG_LEVEL', 'BODY_LIMIT', 'RUN_TIMEOUT', 'STALL_TIMEOUT', 'SHUTDOWN_GRACE']
  t.strictSame(readConfig(Object.fromEntries(names.map((name) => [`GITSYNC_${name}`, '']))), defaults)
})

const TIMES = {
  '250': 250,
  '500ms': 500,
  '90s': 90 * SECOND,
  '10m': 10 * MINUTE,
  '1.5h': 1.5 * HOUR,
  '2d': 48 * HOUR,
}
const settings: [
  name: string,
  key: keyof Config,
  good: Record<string, unknown>,
  bad: Record<string, RegExp>,
][] = [
  ['GITSYNC_HOST', 'host', { '0.0.0.0': '0.0.0.0', '::1': '::1', localhost: 'localhost' }, {}],
  [
    'GITSYNC_PORT',
    'port',
    { '0': 0, '80': 80, '65535': 65_535 },
    { '65536': /65535/, '-1': />= 0/, '80.5': /integer/, http: /integer/, true: /integer/, '80a': /integer/ },
  ],
  [
    'GITSYNC_LOG_LEVEL',
    'logLevel',
    { fatal: 'fatal', error: 'error', warn: 'warn', debug: 'debug', trace: 'trace', silent: 'silent' },
    { loud: /one of fatal, error, warn, info, debug, trace, silent/, INFO: /one of/, '3': /one of/ },
  ],
  [
    'GITSYNC_BODY_LIMIT',
    'bodyLimit',
    { '1000': 1000, '2KiB': 2048, '2kB': 2000, '1.5MiB': 1.5 * MIB, '4 MiB': 4 * MIB },
    { lots: /a size such as 1MiB, not "lots"/, '0': /size/, '-1MiB': /size/, '1MiB!': /size/, '0.2': /size/ },
  ],
  ['GITSYNC_RUN_TIMEOUT', 'runTimeout', TIMES, badTimes()],
  ['GITSYNC_STALL_TIMEOUT', 'stallTimeout', TIMES, badTimes()],
  ['GITSYNC_SHUTDOWN_GRACE', 'shutdownGrace', TIMES, badTimes()],
  ['GITSYNC_SPOOL_DIR', 'spoolDir', { '/var/spool': '/var/spool' }, {}],
  [
    'GITSYNC_TEMP_REF_PREFIX',
    'tempRefPrefix',
    { 'refs/mirror/tmp': 'refs/mirror/tmp' },
    { 'heads/x': /pattern/, 'refs/': /pattern/, 'refs/x/': /pattern/, 'refs/heads/x': /pattern/ },
  ],
]

function badTimes(): Record<string, RegExp> {
  const notATime = Object.fromEntries(
    ['soon', '0', '0s', '-5m', '1h30m', '10 parsecs', ' 5m'].map((text) => [text, /a time such as 10m/]),
  )
  // Node makes a timer fire at once that should wait longer than 2^31 - 1 ms.
  return { ...notATime, '25d': /more than/, '1y': /more than/ }
}

for (const [name, key, good, bad] of settings) {
  t.test(name, async (t) => {
    for (const [text, value] of Object.entries(good)) {
      t.strictSame(readConfig({ [name]: text }), { ...defaults, [key]: value }, text)
    }
    for (const [text, why] of Object.entries(bad)) {
      const error = errorOf({ [name]: text })
      t.ok(error instanceof SettingError, text)
      t.ok(error.message.startsWith(`${name} `), error.message)
      t.match(error.message, why)
      t.notMatch(error.message, '\n', 'one line')
    }
  })
}

t.test('every setting there is has been tried above', async (t) => {
  t.strictSame(settings.map(([, key]) => key).sort(), Object.keys(defaults).sort())
})

t.test('two wrong settings are both named', async (t) => {
  const { message } = errorOf({ GITSYNC_PORT: 'x', GITSYNC_LOG_LEVEL: 'loud' })
  t.match(message, /^GITSYNC_\w+ .*; GITSYNC_\w+ /)
  for (const name of ['GITSYNC_PORT', 'GITSYNC_LOG_LEVEL']) t.match(message, name)
})

t.test('the longest time that a timer can wait is taken', async (t) => {
  t.equal(readConfig({ GITSYNC_STALL_TIMEOUT: String(2 ** 31 - 1) }).stallTimeout, 2 ** 31 - 1)
  t.match(errorOf({ GITSYNC_STALL_TIMEOUT: String(2 ** 31) }).message, /^GITSYNC_STALL_TIMEOUT /)
})

t.test('the environment is left as it is', async (t) => {
  const env = Object.freeze({ GITSYNC_PORT: '80', GITSYNC_HOST: '' })
  readConfig(env)
  t.strictSame(env, { GITSYNC_PORT: '80', GITSYNC_HOST: '' })
})

function errorOf(env: NodeJS.ProcessEnv): Error {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error(`no error for ${JSON.stringify(env)}`)
}
