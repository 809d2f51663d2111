import t from 'tap'
import { makeHistory } from '../../fuzz/history.js'
import { Pair } from '../../fuzz/pair.js'
import { Remotes } from '../../fuzz/remotes.js'
import type { Scenario } from '../../fuzz/scenarios.js'
import { faultsOf } from '../../fuzz/verdict.js'
import { GitSyncError, type SyncResult } from '../../src/index.js'
import { FLUSH, pkt } from '../../testing/packets/wire.js'
import { Random } from '../../testing/random.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const ZERO = '0'.repeat(40)
const MAIN = 'refs/heads/main'

const shared = temporaryFolder(t).then(async (root) => ({ root, history: await makeHistory(root) }))
let pairs = 0

async function open(scenario: Partial<Scenario> = {}) {
  const { root, history } = await shared
  const usual: Scenario = {
    name: '',
    operation: 'sync',
    source: { [MAIN]: 'main30' },
    target: { [MAIN]: 'main10' },
  }
  const pair = await Pair.make(`${root}/pair-${pairs++}`, { ...usual, ...scenario }, history)
  const remotes = new Remotes(pair, undefined, new Random(1))
  const push = (oldId: string, newId: string) =>
    remotes.target.receive(Buffer.concat([pkt(`${oldId} ${newId} ${MAIN}\0report-status`), FLUSH]))
  const ids = history.ids as Record<'main10' | 'main30' | 'root', string>
  return {
    pair,
    remotes,
    push,
    ids,
    ended: { pair, remotes, events: [], error: new GitSyncError('cancelled', '') },
  }
}

function resultWith(action: string, sourceHash: string, applied: number): SyncResult {
  return {
    refs: [{ targetRef: MAIN, sourceHash, action, reason: 'why' }],
    counts: { applied, skipped: 0, blocked: 0, deleted: 0, warned: 0 },
    execution: { dryRun: false },
  } as unknown as SyncResult
}

t.test('a delete that nobody asked for is a fault', async (t) => {
  const { push, ids, ended, remotes } = await open()
  push(ids.main10, ZERO)
  t.equal(remotes.target.refs.size, 0)
  t.match(faultsOf(ended), [/an unplanned delete of refs\/heads\/main/, /1 refs were to be deleted/])
})

t.test('so is a delete of what the source has, even where all else may be pruned', async (t) => {
  const { push, ids, ended } = await open({ request: { policy: { prune: true } } })
  push(ids.main10, ZERO)
  t.match(faultsOf({ ...ended, events: [planned(1)] }), [/an unplanned delete/])
})

function planned(deletes: number) {
  return {
    type: 'planned' as const,
    create: 0,
    update: 0,
    delete: deletes,
    skip: 0,
    block: 0,
    transferMode: 'none' as const,
  }
}

t.test('and an overwrite without force', async (t) => {
  const { push, ids, ended } = await open()
  push(ids.main10, ids.root)
  t.match(faultsOf(ended), [/refs\/heads\/main was overwritten/])
})

t.test('and a result that says what is not so', async (t) => {
  const { ids, ended } = await open()
  const { error: _, ...run } = ended
  t.match(faultsOf({ ...run, result: resultWith('update', ids.main30, 1) }), [
    /reported as update \(why\), but the target has/,
  ])
  t.match(faultsOf({ ...run, result: resultWith('block', ids.main30, 1) }), [/1 are counted as applied/])
  t.strictSame(faultsOf({ ...run, result: resultWith('block', ids.main30, 0) }), [])
})

t.test('and an error that is a bug, is no GitSyncError, or blames the wrong side', async (t) => {
  const { ended } = await open()
  t.match(faultsOf({ ...ended, error: new TypeError('oh') }), [/not a GitSyncError: TypeError: oh/])
  t.match(faultsOf({ ...ended, error: new GitSyncError('internal', 'oh') }), [/internal: oh/])
  const error = new GitSyncError('target_protocol_error', 'oh')
  t.match(faultsOf({ ...ended, error, step: 'source info-refs 0' }), [
    /the source was damaged, the target is blamed/,
  ])
  t.strictSame(faultsOf({ ...ended, error, step: 'target info-refs 0' }), [])
})
