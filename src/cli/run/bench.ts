import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import type { Auth, ProtocolMode } from '../../../schemas/request.js'
import type { SyncResult } from '../../../schemas/result.js'
import { Client } from '../../engine/client.js'
import { GitSyncError } from '../../errors.js'
import { configEnv, plainGitEnv } from '../../local-git/env.js'
import { type ServedRepository, serveRepository } from '../../local-git/serve-repository.js'
import { type Run, runsText, summarizeRuns } from '../output/bench-report.js'

export interface BenchOptions {
  /** A URL, or the path of a repository, which is then served here. */
  source: string
  /** How many first syncs; 5. */
  repeat?: number
  targetMaxPackBytes?: number
  protocol?: ProtocolMode
  /** One JSON document instead of a table. */
  json?: boolean
  auth?: Pick<Auth, 'source'>
  signal?: AbortSignal
}

const DEFAULT_REPEAT = 5

/**
 * Syncs a user's own repository into one fresh local target after the other, and writes what that took.
 *
 * @throws GitSyncError
 */
export async function runBench(options: BenchOptions, out: Writable): Promise<void> {
  const { source, repeat = DEFAULT_REPEAT, json = false } = options
  const served = await serveSource(source)
  const folder = await mkdtemp(join(tmpdir(), 'git-sync-bench-'))
  try {
    const client = new Client()
    const runs: Run[] = []
    for (let round = 0; round < repeat; round++) {
      options.signal?.throwIfAborted()
      runs.push(await firstSync(client, served?.url ?? source, join(folder, `target-${round}.git`), options))
    }
    const report = { source, summary: summarizeRuns(runs), runs }
    out.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${[...runsText(report)].join('\n')}\n`)
  } finally {
    await served?.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Serves a local repository; undefined where the source is a URL. */
async function serveSource(source: string): Promise<ServedRepository | undefined> {
  if (/^https?:/i.test(source)) return undefined
  const dir = resolve(source)
  const hint = 'give the http(s) URL or the path of a repository'
  if (!existsSync(dir)) throw new GitSyncError('invalid_request', `${dir} does not exist: ${hint}.`)
  const repository = await git('-C', dir, 'rev-parse', '--path-format=absolute', '--git-common-dir')
  // A push in batches needs filters of its source.
  return serveRepository(repository, { 'uploadpack.allowFilter': 'true' })
}

async function firstSync(client: Client, source: string, dir: string, options: BenchOptions): Promise<Run> {
  const { targetMaxPackBytes = 0, protocol = 'auto', auth, signal } = options
  await git('init', '--quiet', '--bare', '--template=', dir)
  const target = await serveRepository(dir, { 'http.receivepack': 'true', 'receive.autogc': 'false' })
  const idle = process.memoryUsage.rss()
  try {
    const request = {
      source: { url: source },
      target: { url: target.url },
      policy: { includeTags: true, protocol },
      options: { targetMaxPackBytes, measureMemory: true },
      collectStats: true,
      ...(auth && { auth }),
    }
    return toRun(await client.sync(request, signal ? { signal } : {}), idle)
  } finally {
    await target.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}

function toRun({ execution, stats, measurement, counts }: SyncResult, idleBytes: number): Run {
  const bytesOf = (side: string) => stats.sides?.find(({ label }) => label === side)?.bytes ?? 0
  return {
    seconds: (stats.elapsedNanos ?? 0) / 1e9,
    idleRssBytes: idleBytes,
    peakRssBytes: measurement.peakRssBytes,
    refs: counts.applied,
    pushes: execution.batch.done,
    transferMode: execution.transferMode,
    sourceBytes: bytesOf('source'),
    targetBytes: bytesOf('target'),
  }
}

/** The output of git. A repository that another user owns is read too, as the caller has named it. */
async function git(...args: string[]): Promise<string> {
  try {
    const env = { ...plainGitEnv(), ...configEnv({ 'safe.directory': '*' }) }
    return (await promisify(execFile)('git', args, { env })).stdout.trim()
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string }
    const why = code === 'ENOENT' ? 'git is not installed, and the bench needs it' : stderr.trim()
    throw new GitSyncError('invalid_request', `git ${args.join(' ')}: ${why}`, { cause })
  }
}
