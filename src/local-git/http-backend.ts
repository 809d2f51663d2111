import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline, type Readable, type Writable } from 'node:stream'
import { readCgiHead } from './cgi-head.js'
import { plainGitEnv } from './env.js'

export interface BackendOptions {
  root: string
  /** The `Git-Protocol` header; `undefined` makes the server speak v1. */
  gitProtocol: string | undefined
  user: string | undefined
  env: NodeJS.ProcessEnv
}

/** Serves one request with `git http-backend`, streaming both ways; resolves when the program has exited. */
export function runHttpBackend(
  request: IncomingMessage,
  response: ServerResponse,
  options: BackendOptions,
): Promise<void> {
  const child = spawn(httpBackend(), {
    env: { ...plainGitEnv(), ...options.env, ...cgiEnv(request, options) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  feed(request, child.stdin)
  void respond(child, response)
  return endWithCaller(child, response)
}

let program: string | undefined

/** The path of the program. Started as `git http-backend` it would be a grandchild that could outlive its parent. */
function httpBackend(): string {
  program ??= join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend')
  return program
}

function cgiEnv(request: IncomingMessage, { root, gitProtocol, user }: BackendOptions) {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const variables = {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method,
    REMOTE_ADDR: '127.0.0.1',
    REMOTE_USER: user,
    CONTENT_TYPE: request.headers['content-type'],
    CONTENT_LENGTH: request.headers['content-length'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: gitProtocol,
  }
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined))
}

/** A program that responds early closes its input: the rest of the body is discarded, which is not an error. */
function feed(request: IncomingMessage, stdin: Writable) {
  stdin.on('error', () => {
    request.unpipe(stdin)
    request.resume()
  })
  request.pipe(stdin)
}

async function respond(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  response: ServerResponse,
): Promise<void> {
  let errorOutput = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errorOutput = (errorOutput + chunk).slice(-4096)
  })
  const head = await readCgiHead(child.stdout).catch((error: unknown) => {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(errorOutput || String(error))
  })
  // Since Node 24, `pipeline` throws if the caller has disconnected already.
  if (!head || response.destroyed) return
  response.writeHead(head.status, head.headers)
  pipeline(child.stdout, response, () => {})
}

/**
 * Kills the program when the caller disconnects: http-backend loops forever if a body with a Content-Length ends early.
 * SIGTERM comes first, as http-backend forwards it to the programs that it started.
 */
function endWithCaller(child: ChildProcessByStdio<Writable, Readable, Readable>, response: ServerResponse) {
  let killTimer: NodeJS.Timeout | undefined
  response.once('close', () => {
    if (response.writableFinished) return
    child.kill('SIGTERM')
    // Needs no reference: until the program exits, the child process itself keeps this process alive.
    killTimer = setTimeout(() => child.kill('SIGKILL'), 5000).unref()
  })
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => {
      clearTimeout(killTimer)
      // Unread output would otherwise stay in the pipe.
      if (response.destroyed) for (const pipe of child.stdio) pipe?.destroy()
      resolve()
    })
  })
}
