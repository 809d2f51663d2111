import t, { type Test } from 'tap'
import { actionsOf, failureOf } from '../../testing/cases/stage.js'
import { git } from '../../testing/git/git.js'
import { findDulwich } from './dulwich.js'
import { type PeerStage, type Peers, startPeers } from './peers.js'

const python = await findDulwich()
if (python === undefined) {
  t.pass('dulwich', { skip: 'it is not installed: Debian and Ubuntu have it as python3-dulwich' })
} else {
  for (const peers of [
    { source: 'dulwich', target: 'git' },
    { source: 'git', target: 'dulwich' },
    { source: 'dulwich', target: 'dulwich' },
  ] as const) {
    t.test(`from ${peers.source} to ${peers.target}`, (t) => interoperate(t, python, peers))
  }
}

async function interoperate(t: Test, python: string, peers: Peers): Promise<void> {
  const stage = await startPeers(t, python, peers)
  const test = (name: string, body: (t: Test, stage: PeerStage) => Promise<void>) =>
    t.test(name, async (t) => body(t, await stage()))

  await test('the first sync brings branches and tags', bootstrap)
  await test('an update brings what is new, and a second run finds nothing to do', update)
  await test('a diverged branch is blocked, and overwritten with force', force)
  await test('prune deletes what the source lacks, also to free a name', prune)
  await test('tags of every kind, and a moved one', tags)
  await test('other refs, and a branch that needs no new object', allRefs)
  await test('another writer who moves a branch before the push', leaseMissed)
  await test('another writer who moves a branch that is to be deleted', deleteMissed)
  await test('another writer who creates the branch first', createMissed)
  await test('another writer who brings what we want', sameMove)
}

const everything = { policy: { includeTags: true, prune: true } }

async function bootstrap(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.addCommits('main', 20)
  await source.commit('topic', { parents: [await source.head('main')] })
  await source.tag('v1', 'main', { annotated: true })
  await source.tag('light', 'topic')

  const result = await client.sync(request(everything))

  t.match(result.execution, { transferMode: 'bootstrap', relay: true })
  t.equal(result.counts.applied, 4)
  t.strictSame(await target.soundRefs(), await source.refs())
}

async function update(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.addCommits('main', 5)
  await client.sync(request(everything))
  await source.addCommits('main', 3)
  await source.commit('topic', { parents: [await source.head('main'), await side(source)] })

  const result = await client.sync(request(everything))

  t.match(result.execution, { transferMode: 'incremental', relay: true })
  t.match(result.plan, { create: 1, update: 1, forced: 0 })
  t.strictSame(await target.soundRefs(), await source.refs())
  const { pushes } = target
  const again = await client.sync(request(everything))
  t.equal(again.execution.transferMode, 'none')
  t.equal(target.pushes, pushes, 'nothing was pushed')
}

/** A commit that no ref names. */
async function side(source: PeerStage['source']): Promise<string> {
  const id = await source.commit('side')
  await source.delete('side')
  return id
}

async function force(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  const base = await source.commit('main')
  await client.sync(request())
  const theirs = await target.commit('main')
  const ours = await source.commit('main', { parents: [base], message: 'another way\n' })

  const error = await failureOf(client.sync(request()))
  t.equal(error.code, 'blocked_refs')
  t.equal(await target.head('main'), theirs)

  const result = await client.sync(request({ policy: { force: true } }))
  t.match(result.plan, { update: 1, forced: 1 })
  t.strictSame(await target.soundRefs(), { 'refs/heads/main': ours })
}

async function prune(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.commit('main')
  await source.commit('a')
  await source.commit('gone')
  await source.tag('old', 'main')
  await client.sync(request(everything))
  await source.delete('a')
  await source.delete('gone')
  await source.delete('refs/tags/old')
  await source.commit('a/b')

  const result = await client.sync(request(everything))

  t.strictSame(actionsOf(result), {
    'refs/heads/a': 'delete',
    'refs/heads/a/b': 'create',
    'refs/heads/gone': 'delete',
    'refs/heads/main': 'skip',
    'refs/tags/old': 'delete',
  })
  t.strictSame(await target.soundRefs(), await source.refs())
  await source.delete('a/b')
  const deletes = await client.sync(request(everything))
  t.match(deletes.counts, { applied: 0, deleted: 1 }, 'a push of deletes alone')
  t.strictSame(await target.soundRefs(), await source.refs())
}

async function tags(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.commit('main')
  await source.tag('v1', 'main', { annotated: true })
  await source.tag('of-tag', 'v1', { annotated: true })
  await source.tag('of-tree', 'main^{tree}', { annotated: true })
  await source.tag('tree', 'main^{tree}')
  await source.tag('blob', 'main:file-0.txt')
  await client.sync(request(everything))
  t.strictSame(await target.soundRefs(), await source.refs())
  await source.commit('main')
  await source.tag('v1', 'main', { annotated: true })

  t.equal((await failureOf(client.sync(request(everything)))).code, 'blocked_refs')
  await client.replicate(request(everything))
  t.strictSame(await target.soundRefs(), await source.refs())
}

async function allRefs(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  const first = await source.commit('main')
  await source.commit('main')
  await source.commit('refs/notes/commits')
  await client.sync(request({ scope: { allRefs: true } }))
  await source.branch('refs/pull/1/head', first)
  await source.branch('from-the-middle', first)
  await source.branch('beside', await source.head('main'))

  await client.sync(request({ scope: { allRefs: true } }))

  t.strictSame(await target.soundRefs(), await source.refs())
}

async function leaseMissed(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.commit('main')
  await source.commit('other')
  await client.sync(request())
  await source.commit('main')
  await source.commit('other')
  target.beforePush = () => target.commit('main')

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_ref_moved')
  t.strictSame(
    error.refs?.map(({ ref }) => ref),
    ['refs/heads/main'],
  )
  t.match(actionsOf(error.result), { 'refs/heads/main': 'block', 'refs/heads/other': 'update' })
  t.not(await target.head('main'), await source.head('main'), 'their commit is still there')
  t.equal(await target.head('other'), await source.head('other'))

  await client.sync(request({ policy: { forceBlind: true } }))
  t.strictSame(await target.soundRefs(), await source.refs())
}

async function deleteMissed(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.commit('main')
  await source.commit('gone')
  await client.sync(request())
  await source.delete('gone')
  target.beforePush = () => target.commit('gone')

  const error = await failureOf(client.sync(request(everything)))

  t.equal(error.code, 'target_ref_moved')
  t.match(actionsOf(error.result), { 'refs/heads/gone': 'block', 'refs/heads/main': 'skip' })
  t.match(await target.soundRefs(), { 'refs/heads/gone': /^[0-9a-f]{40}$/ })
}

async function createMissed(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.commit('main')
  await client.sync(request())
  await source.commit('new')
  target.beforePush = () => target.commit('new', { message: 'theirs\n' })

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_ref_moved')
  t.not(await target.head('new'), await source.head('new'), 'their branch is still there')
}

async function sameMove(t: Test, { source, target, client, request }: PeerStage): Promise<void> {
  await source.commit('main')
  await client.sync(request())
  const ours = await source.commit('main')
  target.beforePush = async () => {
    await git(target.dir, 'fetch', '--quiet', source.dir, `+${ours}:refs/heads/main`)
  }

  const result = await client.sync(request())

  t.strictSame(actionsOf(result), { 'refs/heads/main': 'update' })
  t.strictSame(await target.soundRefs(), await source.refs())
}
