import type { Endpoint, EndpointAuth } from '../../../schemas/request.js'
import type { AuthProvider } from '../../engine/run/auth.js'
import { withoutLineEnd } from '../../git/secrets/credentials.js'
import { withoutTrailingSlashes } from '../../runtime/slashes.js'
import type { ReloadingFile } from './reloading-file.js'

/** One line of the file. The secret is in a private field, so that it cannot be printed by mistake. */
class StoredCredential {
  readonly origin: string
  /** Without a trailing slash; '' matches the whole host. */
  readonly path: string
  readonly #auth: EndpointAuth

  constructor(origin: string, path: string, auth: EndpointAuth) {
    this.origin = origin
    this.path = path
    this.#auth = auth
  }

  /** Whether the line matches a repository: by scheme, host and port, and by the path's first segments. */
  isFor({ origin, pathname }: URL): boolean {
    if (origin !== this.origin) return false
    // Hosts redirect a repository's URL to the same URL with .git.
    return pathname.startsWith(`${this.path}/`) || [this.path, `${this.path}.git`].includes(pathname)
  }

  auth(): EndpointAuth {
    return this.#auth
  }
}

/** Credentials from a file of git's `credential-store`, for requests without credentials. */
export class CredentialsFile implements AuthProvider {
  readonly #file: ReloadingFile<StoredCredential[]>

  constructor(file: ReloadingFile<StoredCredential[]>) {
    this.#file = file
  }

  /** The matching line with the longest path; of several, the first. */
  async authFor({ url }: Endpoint): Promise<EndpointAuth | undefined> {
    const stored = await this.#file.read()
    const fitting = stored.filter((line) => line.isFor(new URL(url)))
    return fitting.sort((one, other) => other.path.length - one.path.length)[0]?.auth()
  }
}

/**
 * Reads lines of git-credential-store, `https://user:password@host/path`, and ignores those of other protocols.
 *
 * @throws Error with the number of the line that cannot be read, but not its text
 */
export function parseCredentials(text: string): StoredCredential[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || (/^[a-z][a-z\d+.-]*:\/\//i.test(line) && !/^https?:/i.test(line))) return []
    const stored = parseLine(line)
    if (!stored) throw new Error(`line ${index + 1} is not of the form https://user:password@host`)
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
    // git percent-encodes the host too, even the colon before a port.
    const { origin, pathname } = new URL(`${scheme}://${decodeURIComponent(host)}${path}`)
    const token = withoutLineEnd(decodeURIComponent(password))
    const auth = { username: decodeURIComponent(user), token }
    return new StoredCredential(origin, withoutTrailingSlashes(pathname), auth)
  } catch {
    return undefined
  }
}
