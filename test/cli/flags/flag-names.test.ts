import t from 'tap'
import { inFlags } from '../../../src/cli/flags/flag-names.js'

const texts: Record<string, string> = {
  'drop policy.prune.': 'drop --prune.',
  'policy.force or /replicate would overwrite them':
    '--force-with-lease or git-sync replicate would overwrite them',
  'drop policy.atomic or raise options.targetMaxRefUpdates':
    'drop --atomic or raise --target-max-ref-updates',
  'set auth.source.skipTlsVerify': 'set --source-insecure-skip-tls-verify',
  'check auth.target: it must be valid': 'check --target-token: it must be valid',
  'set source.followInfoRefsRedirect to allow that': 'set --source-follow-info-refs-redirect to allow that',
  '/scope/branches/0 is not a valid ref name': '--branch is not a valid ref name',
  '/source/url must be an http:// URL': '<source-url> must be an http:// URL',
  '/haves/1': '--have',
  'correct or remove it in haveRefs.': 'correct or remove it in --have-ref.',
  // What is none of ours stays as it is.
  'The source has no refs/heads/policy.x': 'The source has no refs/heads/policy.x',
  'git.source.example/x and policy.unknown': 'git.source.example/x and policy.unknown',
  'ENOENT: /tmp/source/url': 'ENOENT: /tmp/source/url',
}
for (const [text, expected] of Object.entries(texts)) {
  t.test(text, async (t) => t.equal(inFlags(text), expected))
}
