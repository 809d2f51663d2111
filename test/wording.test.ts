import t from 'tap'
import { flagNames } from '../src/cli/flags/flag-names.js'
import { GitSyncError } from '../src/errors.js'
import { Secrets } from '../src/git/secrets/secrets.js'
import { documentNames, toProblem } from '../src/problem.js'
import { type Setting, setting, worded } from '../src/wording.js'
import { syncResult } from '../testing/cases/sample-responses.js'

/** What each surface calls a setting: the library, the service and the command line. */
const table: [Setting, library: string, service: string, commandLine: string][] = [
  ['policy.force', 'policy.force', 'policy.force', '--force-with-lease'],
  ['options.materialize', 'options.materialize', 'options.materialize', '--materialize'],
  ['auth.target', 'auth.target', 'auth.target', '--target-token'],
  ['replicate', 'replicate', '/replicate', 'git-sync replicate'],
  ['spoolDir', 'spoolDir', 'GITSYNC_SPOOL_DIR', 'GITSYNC_SPOOL_DIR'],
  ['tempRefPrefix', 'tempRefPrefix', 'GITSYNC_TEMP_REF_PREFIX', 'GITSYNC_TEMP_REF_PREFIX'],
]
for (const [name, library, service, commandLine] of table) {
  t.test(`${name} is named as each surface calls it`, async (t) => {
    const error = new GitSyncError('unsupported', worded`It cannot: set ${setting(name)}.`, {
      errors: [{ path: '/x', message: worded`needs ${setting(name)}` }],
    })
    t.equal(error.message, `It cannot: set ${library}.`)
    t.equal(error.errors?.[0]?.message, `needs ${library}`)
    t.match(toProblem(error, 'the-id'), {
      detail: `It cannot: set ${service}.`,
      errors: [{ path: '/x', message: `needs ${service}` }],
    })
    t.match(error.wordedIn(flagNames), {
      message: `It cannot: set ${commandLine}.`,
      errors: [{ path: '/x', message: `needs ${commandLine}` }],
    })
  })
}

t.test('a text in a text keeps its settings, and ends with one stop', async (t) => {
  const inner = new GitSyncError('unsupported', worded`Point ${setting('spoolDir')} elsewhere.`)
  const outer = worded`${inner.wording} Or drop ${setting('policy.prune')}, says ${3} times: why?.`
  const rest = 'says 3 times: why?'
  t.equal(outer.in(documentNames), `Point GITSYNC_SPOOL_DIR elsewhere. Or drop policy.prune, ${rest}`)
  t.equal(outer.in(flagNames), `Point GITSYNC_SPOOL_DIR elsewhere. Or drop --prune, ${rest}`)
})

t.test('refs that the run’s failure stopped give it as their reason, in the same words', async (t) => {
  const error = new GitSyncError('pack_limit_exceeded', worded`Point ${setting('spoolDir')} elsewhere.`, {
    refs: [
      { ref: 'refs/heads/a', reason: 'Point spoolDir elsewhere.' },
      { ref: 'refs/heads/b', reason: 'a hook says spoolDir' },
    ],
  })
  const reason = 'Point spoolDir elsewhere.'
  error.result = { ...syncResult, refs: syncResult.refs.map((ref) => ({ ...ref, reason })) }
  const { refs, result } = toProblem(error, 'the-id')
  t.strictSame(
    refs?.map(({ reason }) => reason),
    ['Point GITSYNC_SPOOL_DIR elsewhere.', 'a hook says spoolDir'],
  )
  t.equal(result?.refs[0]?.reason, 'Point GITSYNC_SPOOL_DIR elsewhere.')
})

t.test('a secret is redacted on every surface', async (t) => {
  const secrets = new Secrets()
  secrets.learn({ token: 'hush-hush-secret' })
  const said = 'you are hush-hush-secret'
  const error = new GitSyncError('unsupported', worded`It says ${said}; drop ${setting('policy.prune')}.`)
  secrets.scrub(error)
  const words = [error.message, error.stack, toProblem(error, 'id').detail, error.wordedIn(flagNames).message]
  for (const text of [...words, error.wording.in(documentNames)]) {
    t.notMatch(text, 'hush')
    t.match(text, 'you are [redacted]')
  }
})
