import { isUtf8 } from 'node:buffer'
import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import type { EndpointRole, RunEvent } from '../../../schemas/event.js'
import type { Endpoint, EndpointAuth } from '../../../schemas/request.js'
import type { AuthProvider } from '../../engine/run/auth.js'
import { GitSyncError } from '../../errors.js'
import { HttpStatusError } from '../../git/http/refusals/http-status.js'

/** The output of `git credential fill`, and the input of `approve` and `reject`. */
interface Found {
  auth: EndpointAuth
  lines: string
  /** The remote has accepted or refused it, and git has been notified. */
  reported: boolean
}

/**
 * Credentials of git's own helpers, or from git's prompt at the terminal. Like git, connect without credentials first:
 * only a 401 triggers `git credential fill`, so public repositories never prompt.
 */
export class GitCredentials implements AuthProvider {
  readonly #usernames: Record<EndpointRole, string | undefined>
  /** The URL that each side was last reached at, where the command line brings no token for it. */
  readonly #reached = new Map<EndpointRole, string>()
  readonly #found = new Map<string, Found>()
  /** Credentials that the remotes have accepted, which git has yet to be notified of. */
  readonly #taken = new Set<Found>()

  constructor(usernames: Record<EndpointRole, string | undefined>) {
    this.#usernames = usernames
  }

  authFor({ url }: Endpoint, role: EndpointRole): EndpointAuth {
    this.#reached.set(role, url)
    return this.#found.get(keyOf(role, url))?.auth ?? {}
  }

  /** A side that lists its refs has accepted the credentials that it was given. */
  onEvent(event: RunEvent): void {
    if (event.type !== 'discovered') return
    const found = this.#found.get(keyOf(event.side, this.#reached.get(event.side)))
    if (found && !found.reported) this.#taken.add(found)
  }

  /** After a 401: obtains credentials from git, and returns whether there are any. Refused ones are reported to git, which forgets them. */
  async obtainCredentials(error: unknown, signal: AbortSignal): Promise<boolean> {
    const role = askingRole(error)
    const url = role && this.#reached.get(role)
    if (!role || url === undefined || signal.aborted) return false
    const key = keyOf(role, url)
    const refused = this.#found.get(key)
    if (refused) {
      this.#taken.delete(refused)
      refused.reported = true
      await gitCredential('reject', refused.lines)
      return false
    }
    const username = this.#usernames[role]
    const fields: Field[] = [['url', url], ...(username ? [['username', username] as Field] : [])]
    const asked = credentialLines(fields, role)
    const found = parse(await gitCredential('fill', asked, signal), role)
    if (!found) return false
    this.#found.set(key, found)
    return true
  }

  /** Has git's helpers keep the credentials that the remotes have accepted. */
  async approve(): Promise<void> {
    for (const found of this.#taken) {
      found.reported = true
      await gitCredential('approve', found.lines)
    }
    this.#taken.clear()
  }
}

function keyOf(role: EndpointRole, url = ''): string {
  return `${role} ${url}`
}

/** The side that asks for credentials. A 403 does not: it knows who we are. */
function askingRole(error: unknown): EndpointRole | undefined {
  if (!(error instanceof GitSyncError && error.cause instanceof HttpStatusError)) return undefined
  if (error.cause.status !== 401) return undefined
  return error.code === 'source_unauthorized' ? 'source' : 'target'
}

type Field = [name: string, value: string]

/**
 * Fields in git's credential protocol, a line each.
 *
 * @throws GitSyncError where a value would be more than a line: what follows would be a field of its own, and git could
 * be made to give out another host's password
 */
function credentialLines(fields: readonly Field[], role: EndpointRole): string {
  for (const [name, value] of fields) {
    // git decodes a URL into lines of its own.
    const isSafe = !LINE_END.test(value) && !(name === 'url' && ENCODED_LINE_END.test(value))
    if (isSafe && value.isWellFormed()) continue
    const what = `the ${name === 'url' ? 'URL' : name} of the ${role}`
    const hint = 'git would read what follows as another line of the query'
    throw new GitSyncError(
      'invalid_request',
      `git credential was not asked: ${what} holds a line end or a NUL, and ${hint}.`,
    )
  }
  return `${fields.map(([name, value]) => `${name}=${value}\n`).join('')}\n`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them here
const LINE_END = /[\u0000\r\n]/
const ENCODED_LINE_END = /%0[0ad]/i

/** Parses the output of `git credential fill`. Without a password there are no credentials. */
function parse(output: Buffer, role: EndpointRole): Found | undefined {
  if (!isUtf8(output)) {
    const hint = 'they would be sent altered; store them in UTF-8, or pass a token'
    throw new GitSyncError(
      'invalid_request',
      `The credentials that git has for the ${role} are not UTF-8: ${hint}.`,
    )
  }
  const fields = output
    .toString()
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line): Field => {
      const equals = line.indexOf('=')
      return [line.slice(0, equals), line.slice(equals + 1).replace(/\r$/, '')]
    })
  const { username, password: token } = Object.fromEntries(fields) as Record<string, string | undefined>
  if (!token) return undefined
  const auth = { ...(username ? { username } : {}), token }
  return { auth, lines: credentialLines(fields, role), reported: false }
}

const NOTHING = Buffer.alloc(0)

/** Runs `git credential`, which prompts at the terminal itself. Without git, the output is empty. */
async function gitCredential(
  action: 'fill' | 'approve' | 'reject',
  input: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const child = spawn('git', ['credential', action], {
    // Helpers may print messages for the user.
    stdio: ['pipe', 'pipe', process.stderr.isTTY ? 'inherit' : 'ignore'],
    ...(signal ? { signal } : {}),
  })
  const ended = new Promise<number | null>((resolve) =>
    child.once('error', () => resolve(null)).once('close', resolve),
  )
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const output = child.stdout ? await buffer(child.stdout).catch(() => NOTHING) : NOTHING
  return (await ended) === 0 ? output : NOTHING
}
