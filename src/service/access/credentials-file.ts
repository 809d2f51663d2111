import type { Endpoint, EndpointAuth } from '../../../schemas/request.js'
import type { AuthProvider } from '../../engine/run/auth.js'
import { withoutLineEnd } from '../../git/secrets/credentials.js'
import { withoutTrailingSlashes } from '../../runtime/slashes.js'
import type { ReloadingFile } from './reloading-file.js'

/** A line of the file. The secret is in a private field, so that nothing prints it by mistake. */
class StoredCredential {
  readonly origin: string
  /** Without a slash at its end; '' is the whole host. */
  readonly path: string
  readonly #auth: EndpointAuth

  constructor(origin: string, path: string, auth: EndpointAuth) {
    this.origin = origin
    this.path = path
    this.#auth = auth
  }

  /** Whether it is for this repository: by scheme, host and port, and by the path's first segments. */
  isFor({ origin, pathname }: URL): boolean {
    if (origin !== this.origin) return false
    // Hosts redirect from a repository's URL to the same with .git.
    return pathname.startsWith(`${this.path}/`) || [this.path, `${this.path}.git`].includes(pathname)
  }

  auth(): EndpointAuth {
    return this.#auth
  }
}

/** Credentials from a file of git's `credential-store`, for whoever brings none. */
export class CredentialsFile implements AuthProvider {
  readonly #file: ReloadingFile<StoredCredential[]>

  constructor(file: ReloadingFile<StoredCredential[]>) {
    this.#file = file
  }

  /** Of the lines that fit, the one with the longest path; of several, the first. */
  async authFor({ url }: Endpoint): Promise<EndpointAuth | undefined> {
    const stored = await this.#file.read()
    const fitting = stored.filter((line) => line.isFor(new URL(url)))
    return fitting.sort((one, other) => other.path.length - one.path.length)[0]?.auth()
  }
}

/**
 * Reads the lines of git-credential-store, `https://user:password@host/path`; those of other protocols are left out.
 *
 * @throws Error that says which line cannot be read, and not what it holds
 */
export function parseCredentials(text: string): StoredCredential[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || (/^[a-z][a-z\d+.-]*:\/\//i.test(line) && !/^https?:/i.test(line))) return []
    const stored = parseLine(line)
    if (!stored) throw new Error(`has a line, number ${index + 1}, that is no https://user:password@host`)
    return [stored]
  })
}

const LINE =
  /^(?<scheme>https?):\/\/(?<user>[^:@/]*):(?<password>[^@/]+)@(?<host>[^/?#]+)(?<path>\/[^?#]*)?$/i

function parseLine(line: string): StoredCredential | undefined {
  const groups = LINE.exec(line)?.groups
  if (!groups) return undefined
  const { scheme, user = '', password = '', host = '', path = '' } = groups
  try {
    // git encodes the host too, even the colon before a port.
    const { origin, pathname } = new URL(`${scheme}://${decodeURIComponent(host)}${path}`)
    const token = withoutLineEnd(decodeURIComponent(password))
    const auth = { username: decodeURIComponent(user), token }
    return new StoredCredential(origin, withoutTrailingSlashes(pathname), auth)
  } catch {
    return undefined
  }
}
