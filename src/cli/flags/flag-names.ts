import { OVERWRITE_HINT } from '../../engine/plan/plan-refs.js'

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
  'policy.lfs': '--lfs',
  'options.lfs': '--lfs',
  'options.lfsMaxBytes': '--lfs-max-bytes',
  'options.lfsMaxObjects': '--lfs-max-objects',
  'source.lfsUrl': '--source-lfs-url',
  'target.lfsUrl': '--target-lfs-url',
  'auth.source': '--source-token',
  'auth.source.username': '--source-username',
  'auth.source.token': '--source-token',
  'auth.source.bearerToken': '--source-bearer-token',
  'auth.source.skipTlsVerify': '--source-insecure-skip-tls-verify',
  'source.followInfoRefsRedirect': '--source-follow-info-refs-redirect',
  'auth.target': '--target-token',
  'auth.target.username': '--target-username',
  'auth.target.token': '--target-token',
  'auth.target.bearerToken': '--target-bearer-token',
  'auth.target.skipTlsVerify': '--target-insecure-skip-tls-verify',
  'target.followInfoRefsRedirect': '--target-follow-info-refs-redirect',
  haveRefs: '--have-ref',
  haves: '--have',
}

/**
 * A text with its settings, and its pointers into the request, named as flags. Text of remotes is for `inOwnWords`:
 * what they call `policy.force` is theirs.
 */
export function inFlags(text: string): string {
  return text.replace(WORD, (word, at: number) => {
    // What is said of a name may end with a full stop.
    const name = word.replace(/[./]$/, '')
    const isWord = at === 0 || text[at - 1] === ' '
    const named = name.startsWith('/') ? isWord && pointedAt(name) : flagOf(name)
    return named ? named + word.slice(name.length) : word
  })
}

/** Letters, dots and slashes: each word is read once, whatever it is made of. */
const WORD = /[\w./]+/g

/** The flag for a pointer, or for what it lies in, such as an item of a list. */
function pointedAt(pointer: string): string | undefined {
  if (pointer === '/replicate') return 'git-sync replicate'
  // No name has more than three parts.
  const parts = pointer.slice(1).split('/', 4)
  for (let length = parts.length; length > 0; length--) {
    const flag = flagOf(parts.slice(0, length).join('.'))
    if (flag !== undefined) return flag
  }
  return undefined
}

function flagOf(name: string): string | undefined {
  return Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
}

/** A ref's reason: the target's words, unless it ends as ours do where a setting would help. */
export function reasonInFlags(reason: string): string {
  return reason.endsWith(OVERWRITE_HINT) ? inFlags(reason) : reason
}

/** A message of ours in flags, but for the parts of it that a remote has said. */
export function inOwnWords(message: string, said: Iterable<string>): string {
  const [text, rest] = cut(message, message.indexOf(SAYS))
  for (const words of said) {
    if (words === '' || !text.includes(words)) continue
    const [before, after] = cut(text, text.indexOf(words))
    return inFlags(before) + words + inFlags(after.slice(words.length)) + rest
  }
  return inFlags(text) + rest
}

const SAYS = ' It says: '

function cut(text: string, at: number): [string, string] {
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)]
}

/** For the tests: every flag that a message may come to name. */
export const namedFlags = Object.values(FLAGS)
