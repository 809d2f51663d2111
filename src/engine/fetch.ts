import type { FetchResult, FetchRequest as Request } from '../../schemas/unstable.js'
import { GitSyncError } from '../errors.js'
import { sortByBytes } from '../git/refs/ref-name.js'
import type { UploadPack } from '../git/upload-pack.js'
import { setting, worded } from '../wording.js'
import { openSource } from './plan/list-remotes.js'
import { selectRefs } from './plan/select.js'
import { countedPack } from './push/counted-pack.js'
import { branchRef, refPrefixes, toScope } from './request/scope.js'
import { remoteText } from './run/progress.js'
import type { RunContext } from './run/run-context.js'
import { collectStats, MemoryMeter } from './run/stats.js'

/** Asks the source for the pack that a receiver with these haves would need, and counts it as it passes. */
export async function runFetch(run: RunContext, request: Request): Promise<FetchResult> {
  const started = performance.now()
  const { options = {}, scope = {} } = request
  const memory = new MemoryMeter(options.measureMemory === true)
  try {
    // As it is only read, a mapping's target name has no part in it.
    const full = toScope(scope, request.includeTags === true)
    const haveRefs = (request.haveRefs ?? []).map(branchRef)
    const protocol = request.protocol || 'auto'
    const source = await openSource(run, protocol, [...new Set([...refPrefixes(full), ...haveRefs])])
    const { desired, notices } = await selectRefs(full, source.refs, run.signal)
    for (const text of notices) run.emit({ type: 'notice', text })
    const wants = [...desired.values()].map(({ sourceRef, id }) => ({ name: sourceRef, hash: id }))
    const haves = [...new Set([...haveRefs.map((name) => idOf(source, name)), ...(request.haves ?? [])])]
    const maxPackBytes = options.maxPackBytes || Number.POSITIVE_INFINITY
    const pack = await countPack(run, source, { wants: wants.map(({ hash }) => hash), haves, maxPackBytes })
    return {
      sourceUrl: request.source.url,
      requestedMode: protocol,
      protocol: source.protocol,
      wants: await sortByBytes(wants, ({ name }) => name, run.signal),
      haves,
      ...pack,
      stats: collectStats(request.collectStats === true, run.traffic, started),
      measurement: memory.read(),
    }
  } finally {
    memory.close()
  }
}

function idOf({ refs }: UploadPack, name: string): string {
  const id = refs.get(name)
  if (id !== undefined) return id
  const message = worded`The source has no ${name}: correct or remove it in ${setting('haveRefs')}.`
  throw new GitSyncError('no_matching_refs', message)
}

interface Negotiation {
  wants: string[]
  haves: string[]
  maxPackBytes: number
}

async function countPack(run: RunContext, source: UploadPack, { wants, haves, maxPackBytes }: Negotiation) {
  run.meter.enter('relay')
  const onText = remoteText('source', (...text) => source.redact(...text), run.emit)
  const request = { wants, haves, thin: haves.length > 0, ofsDelta: true, progress: true }
  const counting = { run, job: { maxPackBytes } }
  const pack = countedPack(await source.fetch(request, 'fetch', onText), counting)
  try {
    run.meter.objects = pack.objects
    for await (const _ of pack) run.meter.changed()
    return { objects: pack.objects, bytes: pack.bytes }
  } finally {
    await pack.return()
  }
}
