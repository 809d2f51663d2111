import type { ProblemCode } from '../../../schemas/problem.js'
import type { GitSyncError } from '../../errors.js'

const NEXT_STEPS: Partial<Record<ProblemCode, string>> = {
  invalid_request: 'See git-sync --help.',
  blocked_refs:
    'Next: look at git-sync plan, then overwrite with --force-with-lease, or leave refs out with --exclude-ref.',
  plan_changed: 'Next: run git-sync plan again, and give --expected-plan its new digest.',
  source_unauthorized:
    'Next: set GITSYNC_SOURCE_TOKEN (and GITSYNC_SOURCE_USERNAME), or store credentials for that host in a git credential helper.',
  target_unauthorized:
    'Next: set GITSYNC_TARGET_TOKEN (and GITSYNC_TARGET_USERNAME), or store credentials for that host in a git credential helper.',
  deadline_exceeded: 'Next: run it again; what was pushed is kept. GITSYNC_RUN_TIMEOUT sets the deadline.',
  source_timeout: 'Next: run it again; GITSYNC_STALL_TIMEOUT sets how long a remote may be silent.',
  target_timeout: 'Next: run it again; GITSYNC_STALL_TIMEOUT sets how long a remote may be silent.',
  internal: 'This is a bug in git-sync; please report it.',
}

/** Suggests what to do after an error whose message does not. */
export function nextStep({ code, retryable, retryAfter }: GitSyncError): string | undefined {
  if (NEXT_STEPS[code] !== undefined) return NEXT_STEPS[code]
  if (!retryable) return undefined
  return retryAfter === undefined
    ? 'Next: run it again.'
    : `Next: run it again in ${Math.ceil(retryAfter)} seconds.`
}
