/** What the library's messages call by the request's names, as whoever types flags knows it. */
const FLAGS: Readonly<Record<string, string>> = {
  'source.url': '<source-url>',
  'target.url': '<target-url>',
  'scope.branches': '--branch',
  'scope.mappings': '--map',
  'scope.allRefs': '--all-refs',
  'scope.excludeRefPrefixes': '--exclude-ref-prefix',
  excludeRefPrefixes: '--exclude-ref-prefix',
  'scope.excludeRefs': '--exclude-ref',
  'policy.mode': '--mode',
  'policy.includeTags': '--tags',
  'policy.prune': '--prune',
  'policy.force': '--force-with-lease',
  'policy.forceWithLease': '--force-with-lease',
  'policy.forceBlind': '--force-blind',
  'policy.bestEffort': '--best-effort',
  'policy.atomic': '--atomic',
  'policy.protocol': '--protocol',
  'policy.maxDeletes': '--max-deletes',
  'policy.maxForced': '--max-forced',
  'policy.expectedPlan': '--expected-plan',
  'options.maxPackBytes': '--max-pack-bytes',
  'options.targetMaxPackBytes': '--target-max-pack-bytes',
  'options.targetMaxRefUpdates': '--target-max-ref-updates',
  'options.materialize': '--materialize',
  'options.materializedMaxBytes': '--materialized-max-bytes',
  'options.materializedMaxObjects': '--materialized-max-objects',
  'options.pushOptions': '--push-option',
  'options.measureMemory': '--measure-memory',
  'auth.source': '--source-token',
  'auth.source.bearerToken': '--source-bearer-token',
  'auth.source.skipTlsVerify': '--source-insecure-skip-tls-verify',
  'source.followInfoRefsRedirect': '--source-follow-info-refs-redirect',
  'auth.target': '--target-token',
  'auth.target.bearerToken': '--target-bearer-token',
  'auth.target.skipTlsVerify': '--target-insecure-skip-tls-verify',
  'target.followInfoRefsRedirect': '--target-follow-info-refs-redirect',
  haveRefs: '--have-ref',
  haves: '--have',
}

/** A text with its settings, and its pointers into the request, named as flags. */
export function inFlags(text: string): string {
  return text
    .replace(/(^| )\/((?:[a-z]\w*\/?)+)(?:\/?\d+)?(?=[ .]|$)/g, (whole, before: string, path: string) => {
      const flag = flagOf(path.replace(/\/$/, '').replaceAll('/', '.'))
      return flag === undefined ? whole : before + flag
    })
    .replace(
      /\b(?:scope|policy|options|auth|source|target)(?:\.[a-z]\w*)+|\bhaveRefs\b/g,
      (name) => flagOf(name) ?? name,
    )
    .replace(/ \/replicate\b/g, ' git-sync replicate')
}

function flagOf(name: string): string | undefined {
  return FLAGS[name]
}

/** For the tests: every flag that a message may come to name. */
export const namedFlags = Object.values(FLAGS)
