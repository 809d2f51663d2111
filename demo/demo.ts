import type { Event, RunEvent } from '../schemas/event.js'
import type { SyncPolicy } from '../schemas/request.js'
import type { SyncResult } from '../schemas/result.js'
import { ProgressDisplay } from '../src/cli/output/progress-display.js'
import { styleOf } from '../src/cli/output/style.js'
import { table } from '../src/cli/output/table.js'
import { shortId } from '../src/cli/output/words.js'
import { byteSize, counted } from '../src/runtime/units.js'
import { Cleanup } from '../testing/cleanup.js'
import { fsck, refsOf } from '../testing/git/git.js'
import { type Call, curlLine, postForDocument, postForEvents } from './call.js'
import { startService } from './service.js'
import { addLfsFiles, type Stage, setStage } from './stage.js'

/**
 * Mirrors a sample repository from one git server to another through the real service, and checks the outcome.
 * With `--keep`, everything keeps running until Ctrl-C, so that the printed curl lines can be tried.
 */
async function main(): Promise<number> {
  const keep = process.argv.includes('--keep')
  const cleanup = new Cleanup()
  const interrupt = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'))
  })
  try {
    const outcome = await Promise.race([runSteps(cleanup), interrupt])
    if (outcome === 'interrupted') return 130
    say(
      keep
        ? '\nEverything keeps running so that you can try the lines above. Ctrl-C ends it.'
        : tryItYourself,
    )
    if (keep) await interrupt
    return 0
  } catch (error) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
    return 1
  } finally {
    await cleanup.run()
  }
}

const LFS_FILES = 24

const tryItYourself = '\nTo try the curl lines above against a running service: npm run demo -- --keep'

async function runSteps(cleanup: Cleanup): Promise<void> {
  title('Setting the stage')
  const stage = await setStage(cleanup)
  const service = await startService(cleanup)
  say(`source   ${stage.sourceUrl}`)
  say(`target   ${stage.targetUrl}  (empty)`)
  say(`service  ${service.url}`)

  title('What would a sync do?')
  const plan = await showPlan(service.url, stage)
  expect(plan.plan.create === plan.refs.length, 'every ref should be new to an empty target')

  title('First sync: everything, streamed straight through')
  const first = await sync(service.url, stage)
  expect(first.counts.applied === plan.refs.length, 'the first sync should have created every planned ref')

  title('Second sync: what has changed since')
  await stage.source.addCommits('main', 25)
  await stage.source.branch('feature/new', await stage.source.commit('main'))
  say('The source has 26 new commits on main, and a new branch.\n')
  const second = await sync(service.url, stage)
  showRefs(second)
  expect(second.counts.applied === 2, 'the second sync should have moved one branch and created one')

  title('Third sync: nothing to do')
  const third = await sync(service.url, stage)
  expect(third.counts.applied === 0, 'the third sync should have found nothing to do')

  title('Fourth sync: files in LFS, whose objects arrive before the branch moves')
  await addLfsFiles(stage, LFS_FILES, 2 * 1024 * 1024)
  say(`The source has a commit with ${counted(LFS_FILES, 'file')} in LFS.\n`)
  const fourth = await sync(service.url, stage, { lfs: 'new' })
  const { moved, movedBytes } = fourth.lfs ?? { moved: 0, movedBytes: 0 }
  say(`${counted(moved, 'LFS object')} moved (${byteSize(movedBytes)})`)
  expect(moved === LFS_FILES, 'the fourth sync should have moved every LFS object')

  title('Is the target sound, and the same as the source?')
  await check(stage)
}

async function showPlan(service: string, { sourceUrl, targetUrl }: Stage): Promise<SyncResult> {
  const call: Call = {
    url: `${service}/plan`,
    accept: 'application/json',
    body: { source: { url: sourceUrl }, target: { url: targetUrl }, policy: { includeTags: true } },
  }
  say(curlLine(call))
  const plan = await postForDocument(call)
  showRefs(plan)
  return plan
}

async function sync(service: string, stage: Stage, policy: SyncPolicy = {}): Promise<SyncResult> {
  const { sourceLfs, targetLfs } = stage
  const withLfs = policy.lfs !== undefined
  const call: Call = {
    url: `${service}/sync`,
    accept: 'application/x-ndjson',
    body: {
      source: { url: stage.sourceUrl, ...(withLfs && { lfsUrl: sourceLfs.url }) },
      target: { url: stage.targetUrl, ...(withLfs && { lfsUrl: targetLfs.url }) },
      policy: { includeTags: true, ...policy },
      collectStats: true,
    },
  }
  say(curlLine(call))
  const progress = new ProgressDisplay(process.stdout, { verbose: true })
  const begin = performance.now()
  const result = await postForEvents(call, (event) => {
    if (isOfRun(event)) progress.onEvent(event)
  }).finally(() => progress.stop())
  showOutcome(result, (performance.now() - begin) / 1000)
  return result
}

function showOutcome({ counts, execution, stats }: SyncResult, seconds: number) {
  const sides = stats.sides?.map(({ label, bytes }) => `${label} ${byteSize(bytes)}`).join(', ')
  say(`done in ${seconds.toFixed(1)} s (${execution.transferMode})${sides ? `: ${sides}` : ''}`)
  say(
    `${counted(counts.applied, 'ref')} written, ${counts.deleted} deleted, ${counts.skipped} already up to date`,
  )
}

/** Shows the refs that change. */
function showRefs({ refs }: SyncResult) {
  const rows = refs
    .filter(({ action }) => action !== 'skip')
    .map((ref) => [
      ref.action,
      ref.targetRef,
      `${shortId(ref.targetHash).padEnd(8)} → ${shortId(ref.sourceHash)}`,
      ref.reason,
    ])
  say('')
  for (const line of table([['ACTION', 'REF', 'OLD      → NEW', 'REASON'], ...rows])) say(`  ${line}`)
}

async function check({ source, target, sourceLfs, targetLfs }: Stage) {
  say(`git -C ${target.dir} fsck --full`)
  await fsck(target.dir)
  const [wanted, found] = await Promise.all([refsOf(source.dir), refsOf(target.dir)])
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)])
  const differing = [...names].filter((name) => wanted[name] !== found[name])
  expect(differing.length === 0, `these refs differ: ${differing.join(', ')}`)
  say(`sound, and all ${names.size} refs are the same on both sides`)
  for (const [oid, object] of sourceLfs.objects)
    expect(targetLfs.objects.get(oid)?.equals(object) === true, `the LFS object ${oid} differs`)
  say(`and so are all ${counted(targetLfs.objects.size, 'LFS object')}`)
}

/** Whether the library emits the event; those of the service alone are not shown. */
function isOfRun(event: Event): event is RunEvent {
  return ['discovered', 'planned', 'progress', 'remote', 'notice'].includes(event.type)
}

function title(text: string): void {
  say(`\n${styleOf(process.stdout).bold(`== ${text}`)}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

process.exit(await main())
