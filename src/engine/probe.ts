import type { EndpointRole } from '../../schemas/event.js'
import type { ProbeRequest } from '../../schemas/request.js'
import type { ProbeResult, RefInfo } from '../../schemas/result.js'
import { sortByBytes } from '../git/refs/ref-name.js'
import { forEachYielding } from '../runtime/yield.js'
import { openSource, openTarget } from './plan/list-remotes.js'
import { discoverRefs } from './plan/select.js'
import { refPrefixes, toScope } from './request/scope.js'
import type { RunContext } from './run/run-context.js'
import { collectStats, MemoryMeter } from './run/stats.js'

/** Bytes that a ref of the result takes, apart from its name and id. */
const LISTED_REF = 100

/** Whether each side has an LFS server that lets us in. */
async function findLfs(
  run: RunContext,
  hasTarget: boolean,
): Promise<Pick<ProbeResult, 'sourceLfs' | 'targetLfs'>> {
  const answers = (side: EndpointRole) => run.openLfs(side, run.signal).answers()
  const [sourceLfs, targetLfs] = await Promise.all([
    answers('source'),
    hasTarget ? answers('target') : undefined,
  ])
  return { sourceLfs, ...(targetLfs === undefined ? {} : { targetLfs }) }
}

/** Lists the refs and capabilities of the source, and of the target where one is named. */
export async function runProbe(run: RunContext, request: ProbeRequest): Promise<ProbeResult> {
  const started = performance.now()
  const memory = new MemoryMeter(request.options?.measureMemory === true)
  try {
    const { allRefs, excludeRefPrefixes } = request
    const scope = toScope(
      { allRefs: allRefs === true, excludeRefPrefixes: excludeRefPrefixes ?? [] },
      request.includeTags === true,
    )
    const prefixes = refPrefixes(scope)
    const protocol = request.protocol || 'auto'
    const [source, target] = await Promise.all([
      openSource(run, protocol, prefixes),
      request.target ? openTarget(run) : undefined,
    ])
    const lfs = request.options?.lfs === true ? await findLfs(run, target !== undefined) : {}
    await run.memory.hold('result', source.refs.size * LISTED_REF, run.signal)
    const refs: RefInfo[] = []
    const found = await discoverRefs(scope, source.refs, run.signal)
    await forEachYielding(found, ([name, hash]) => refs.push({ name, hash }), { signal: run.signal })
    return {
      sourceUrl: request.source.url,
      ...(request.target ? { targetUrl: request.target.url } : {}),
      requestedMode: protocol,
      protocol: source.protocol,
      refPrefixes: prefixes,
      sourceCapabilities: [...source.capabilities.list],
      ...(target ? { targetCapabilities: [...target.capabilities.list] } : {}),
      refs: await sortByBytes(refs, ({ name }) => name, run.signal),
      ...(source.head === undefined ? {} : { sourceHead: source.head }),
      ...lfs,
      stats: collectStats(request.collectStats === true, run.traffic, started),
      measurement: memory.read(),
    }
  } finally {
    memory.close()
  }
}
