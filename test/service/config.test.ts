import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { inspect } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import t from 'tap'
import { type Config, readConfig } from '../../src/service/config.js'
import { AllowedHosts } from '../../src/service/egress/allowed-hosts.js'
import { SettingError } from '../../src/settings/setting-error.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const MIB = 1024 * 1024

const defaults: Config = {
  host: '127.0.0.1',
  port: 8080,
  logLevel: 'info',
  callers: undefined,
  apiTokensFile: undefined,
  rateLimit: undefined,
  egressPolicy: 'public',
  allowedHosts: undefined,
  credentialsFile: undefined,
  allowInsecureTls: false,
  proxies: undefined,
  bodyLimit: MIB,
  maxConcurrent: 16,
  maxQueued: 64,
  memoryBudget: getHeapStatistics().heap_size_limit / 2,
  runTimeout: 6 * HOUR,
  stallTimeout: 10 * MINUTE,
  shutdownGrace: MINUTE,
  spoolDir: tmpdir(),
  tempRefPrefix: 'refs/gitsync',
  lfs: 'off',
  lfsHosts: undefined,
  tracePacket: undefined,
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
  [
    'GITSYNC_HOST',
    'host',
    { '127.8.8.8': '127.8.8.8', '::1': '::1', localhost: 'localhost' },
    {
      '0.0.0.0': /GITSYNC_ALLOW_ANONYMOUS=true/,
      '::': /GITSYNC_API_TOKENS/,
      'localhost.example': /no token/,
      '10.0.0.1': /no token/,
    },
  ],
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
  [
    'GITSYNC_MAX_CONCURRENT',
    'maxConcurrent',
    { '1': 1, '100': 100 },
    { '0': />= 1/, '1.5': /integer/, many: /integer/ },
  ],
  ['GITSYNC_MAX_QUEUED', 'maxQueued', { '0': 0, '1000': 1000 }, { '-1': />= 0/, none: /integer/ }],
  [
    'GITSYNC_MEMORY_BUDGET',
    'memoryBudget',
    { '512MiB': 512 * MIB, '1.5GiB': 1536 * MIB },
    { half: /a size such as 1MiB, not "half"/, '0': /size/ },
  ],
  ['GITSYNC_RUN_TIMEOUT', 'runTimeout', TIMES, badTimes()],
  ['GITSYNC_STALL_TIMEOUT', 'stallTimeout', TIMES, badTimes()],
  ['GITSYNC_SHUTDOWN_GRACE', 'shutdownGrace', TIMES, badTimes()],
  [
    'GITSYNC_API_TOKENS',
    'callers',
    { 'ci:T0KEN,\n4242': [caller('ci', 'T0KEN'), caller('token-2', '4242')] },
    { ' , ': /contains no token/, 'ci:T0KEN,ops:': /entry 2/ },
  ],
  ['GITSYNC_API_TOKENS_FILE', 'apiTokensFile', { '/run/tokens': '/run/tokens' }, {}],
  [
    'GITSYNC_RATE_LIMIT',
    'rateLimit',
    { '1': 1, '600': 600 },
    { '0': />= 1/, many: /integer/, '1.5': /integer/ },
  ],
  [
    'GITSYNC_EGRESS_POLICY',
    'egressPolicy',
    { public: 'public', private: 'private', any: 'any' },
    { none: /one of public, private, any/ },
  ],
  [
    'GITSYNC_ALLOWED_HOSTS',
    'allowedHosts',
    { 'git.example:443, *.corp': new AllowedHosts('git.example:443, *.corp') },
    { 'a.example,https://b.example': /has "https:\/\/b\.example"/ },
  ],
  ['GITSYNC_CREDENTIALS_FILE', 'credentialsFile', { '/run/credentials': '/run/credentials' }, {}],
  ['GITSYNC_ALLOW_INSECURE_TLS', 'allowInsecureTls', { true: true, false: false }, { yes: /boolean/ }],
  ['GITSYNC_SPOOL_DIR', 'spoolDir', { '/var/spool': '/var/spool' }, {}],
  [
    'GITSYNC_TRACE_PACKET',
    'tracePacket',
    { '1': 'stderr', '0': undefined, '/tmp/trace': { file: '/tmp/trace' } },
    { yes: /absolute path, not "yes"/, './trace': /absolute path/ },
  ],
  [
    'GITSYNC_TEMP_REF_PREFIX',
    'tempRefPrefix',
    { 'refs/mirror/tmp': 'refs/mirror/tmp', 'refs/x': 'refs/x' },
    {
      gitsync: /such as refs\/gitsync/,
      'refs/': /such/,
      'refs/a b': /such/,
      'refs/heads': /such/,
      'refs/tags': /such/,
    },
  ],
  ['GITSYNC_LFS', 'lfs', { off: 'off', new: 'new', all: 'all' }, { on: /off, new, all/ }],
  [
    'GITSYNC_LFS_HOSTS',
    'lfsHosts',
    { '*.storage.example': new AllowedHosts('*.storage.example') },
    { 'a.example,https://b.example': /has "https:\/\/b\.example"/ },
  ],
  [
    'HTTP_PROXY',
    'proxies',
    { 'http://a:b@proxy:3128': { httpProxy: 'http://a:b@proxy:3128', httpsProxy: '', noProxy: '' } },
    { 'proxy:port': /http:\/\/ or https:\/\/ URL$/, 'socks5://proxy': /URL$/, 'not a url': /URL$/ },
  ],
]

function caller(name: string, token: string) {
  return { name, digest: createHash('sha256').update(token).digest() }
}

function badTimes(): Record<string, RegExp> {
  const notATime = Object.fromEntries(
    ['soon', '0', '0s', '-5m', '1h30m', '10 parsecs', ' 5m'].map((text) => [text, /a time such as 10m/]),
  )
  // Node makes a timer fire at once that should wait longer than 2^31 - 1 ms.
  return { ...notATime, '25d': /too large/, '1y': /too large/ }
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

t.test('who may call has to be settled before anyone can', async (t) => {
  const open = { GITSYNC_HOST: '0.0.0.0' }
  readConfig({ ...open, GITSYNC_API_TOKENS: 'T0KEN', GITSYNC_CREDENTIALS_FILE: '/file' })
  readConfig({ ...open, GITSYNC_API_TOKENS_FILE: '/file' })
  readConfig({ ...open, GITSYNC_ALLOW_ANONYMOUS: 'true' })
  const both = errorOf({ GITSYNC_API_TOKENS: 'T0KEN', GITSYNC_API_TOKENS_FILE: '/file' })
  t.match(both.message, /GITSYNC_API_TOKENS and GITSYNC_API_TOKENS_FILE are both set/)
  t.notMatch(both.message, 'T0KEN')
  const lent = errorOf({ ...open, GITSYNC_ALLOW_ANONYMOUS: 'true', GITSYNC_CREDENTIALS_FILE: '/file' })
  t.match(lent.message, /GITSYNC_ALLOW_ANONYMOUS cannot be combined with GITSYNC_CREDENTIALS_FILE/)
})

t.test('what a setting holds in secret is neither kept nor shown', async (t) => {
  const config = readConfig({ GITSYNC_API_TOKENS: 'ci:T0KEN' })
  t.notMatch(inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config), 'T0KEN')
  for (const text of ['ci:T0 KEN', 'T0KEN,T0KEN\u00e9', 'T0KEN:']) {
    t.notMatch(errorOf({ GITSYNC_API_TOKENS: text }).message, 'T0')
  }
  t.notMatch(errorOf({ HTTPS_PROXY: 'ftp://a:T0KEN@b' }).message, 'T0KEN')
})

t.test('proxies are read as other programs read them', async (t) => {
  const env = { http_proxy: 'http://a', HTTP_PROXY: 'http://b', HTTPS_PROXY: 'http://c', NO_PROXY: 'd,e' }
  t.strictSame(readConfig(env).proxies, { httpProxy: 'http://a', httpsProxy: 'http://c', noProxy: 'd,e' })
  t.equal(readConfig({ NO_PROXY: 'd' }).proxies, undefined)
  const bare = { HTTP_PROXY: 'localhost:3128', HTTPS_PROXY: 'user:pa%40ss@[::1]:8080' }
  const withScheme = { httpProxy: 'http://localhost:3128', httpsProxy: 'http://user:pa%40ss@[::1]:8080' }
  t.strictSame(
    readConfig(bare).proxies,
    { ...withScheme, noProxy: '' },
    'plain HTTP where no scheme is given',
  )
  for (const wrong of ['a:99999', 'http://', 'http://a:T0KEN%zz@b', 'socks5://T0KEN@b']) {
    const { message } = errorOf({ HTTP_PROXY: wrong })
    t.match(message, /HTTP_PROXY must be host:port/, wrong)
    t.notMatch(message, 'T0KEN')
  }
})

t.test('two wrong settings are both named', async (t) => {
  const { message } = errorOf({ GITSYNC_PORT: 'x', GITSYNC_LOG_LEVEL: 'loud' })
  t.match(message, /^GITSYNC_\w+ .*; GITSYNC_\w+ /)
  for (const name of ['GITSYNC_PORT', 'GITSYNC_LOG_LEVEL']) t.match(message, name)
})

t.test('the longest time that a timer can wait is accepted', async (t) => {
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
