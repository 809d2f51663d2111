import t from 'tap'
import { flagNames } from '../../../src/cli/flags/flag-names.js'
import { blockedReason, reasonIn } from '../../../src/engine/plan/blocked-reasons.js'
import { pointer, setting, type Wording, worded } from '../../../src/wording.js'

const texts: [Wording, string][] = [
  [worded`drop ${setting('policy.prune')}.`, 'drop --prune.'],
  [
    worded`${setting('policy.force')} or ${setting('replicate')} would overwrite them`,
    '--force-with-lease or git-sync replicate would overwrite them',
  ],
  [
    worded`drop ${setting('policy.atomic')} or raise ${setting('options.targetMaxRefUpdates')}`,
    'drop --atomic or raise --target-max-ref-updates',
  ],
  [worded`set ${setting('auth.source.skipTlsVerify')}`, 'set --source-insecure-skip-tls-verify'],
  [worded`check ${setting('auth.target')}: it must be valid`, 'check --target-token: it must be valid'],
  [
    worded`set ${setting('source.followInfoRefsRedirect')} to allow that`,
    'set --source-follow-info-refs-redirect to allow that',
  ],
  [worded`${pointer('/scope/branches/0')} is not a valid ref name`, '--branch is not a valid ref name'],
  [worded`${pointer('/source/url')} must be an http:// URL`, '<source-url> must be an http:// URL'],
  [worded`${pointer('/haves/1')}`, '--have'],
  [worded`${pointer('/excludeRefPrefixes/0')} of a probe`, '--exclude-ref-prefix of a probe'],
  [worded`correct or remove it in ${setting('haveRefs')}.`, 'correct or remove it in --have-ref.'],
  [worded`point ${setting('spoolDir')} elsewhere`, 'point GITSYNC_SPOOL_DIR elsewhere'],
  // What is none of ours stays as it is.
  [worded`The source has no refs/heads/policy.x`, 'The source has no refs/heads/policy.x'],
  [
    worded`git.source.example/x and policy.unknown, policy.force`,
    'git.source.example/x and policy.unknown, policy.force',
  ],
  [worded`${'ENOENT: /tmp/source/url'}`, 'ENOENT: /tmp/source/url'],
]
for (const [text, expected] of texts) {
  t.test(expected, async (t) => t.equal(text.in(flagNames), expected))
}

t.test('the reason of a blocked ref names a flag, and a remote’s reason is left alone', async (t) => {
  for (const kind of ['branch', 'tag', 'other'] as const) {
    t.match(blockedReason(kind), /; policy\.force would overwrite it$/)
    t.match(reasonIn(flagNames, blockedReason(kind)), /; --force-with-lease would overwrite it$/)
  }
  t.equal(reasonIn(flagNames, 'denied; policy.force is off'), 'denied; policy.force is off')
})
