import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'

t.test('a ref in the place of another one’s folder is known before anything is pushed', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await source.commit('topic')
  await target.commit('main/old')
  await target.commit('a')
  const before = await target.refs()
  const mappings = [
    { source: 'main', target: 'main' },
    { source: 'topic', target: 'a/b' },
  ]
  for (const policy of [{}, { force: true }, { mode: 'replicate' as const }]) {
    const plan = await client.plan(request({ scope: { mappings }, policy }))
    t.match(plan.refs, [
      { action: 'block', targetRef: 'refs/heads/a/b', reason: /^the target has refs\/heads\/a, / },
      { action: 'block', targetRef: 'refs/heads/main', reason: /^the target has refs\/heads\/main\/old, / },
    ])
    await t.rejects(client.sync(request({ scope: { mappings }, policy })), {
      code: 'blocked_refs',
      message: /^2 refs cannot be written: nothing was pushed; first refs\/heads\/a\/b\.$/,
    })
  }
  t.strictSame(await target.refs(), before)
})

t.test('with bestEffort it is a warning, and the rest goes on', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await source.commit('free')
  await target.commit('main/old')
  const { refs, counts } = await client.sync(request({ policy: { bestEffort: true } }))
  t.match(refs, [
    { action: 'create', branch: 'free' },
    { action: 'warn', branch: 'main', reason: /main\/old/ },
  ])
  t.match(counts, { applied: 1, warned: 1 })
  t.ok((await target.refs())['refs/heads/free'])
})

t.test('what the run deletes is in nobody’s way', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await target.commit('main/old')
  await client.sync(request({ policy: { prune: true } }))
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('two new refs may be in each other’s way', async (t) => {
  const { source, client, request } = await stage(t)
  const id = await source.commit('main')
  for (const name of ['a', 'v1']) await source.tag(name, id)
  const mappings = [{ source: 'refs/tags/v1', target: 'refs/tags/a/b' }]
  const { refs } = await client.plan(request({ scope: { mappings }, policy: { includeTags: true } }))
  t.match(refs, [
    { action: 'create', targetRef: 'refs/tags/a' },
    { action: 'block', targetRef: 'refs/tags/a/b', reason: /^refs\/tags\/a is to be created too, / },
    { action: 'create', targetRef: 'refs/tags/v1' },
  ])
})

t.test('an exclude that matches nothing is told where refs are to be deleted', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  await target.commit('kept')
  await target.commit('gone')
  const notices = async (policy: object, excludeRefs: string[]) => {
    const events: string[] = []
    const scope = { excludeRefs, excludeRefPrefixes: ['refs/heads/nix/'] }
    await client.plan(request({ scope, policy }), {
      onEvent: (event) => void (event.type === 'notice' && events.push(event.text)),
    })
    return events
  }
  t.strictSame(await notices({}, ['refs/heads/kep']), [])
  t.strictSame(await notices({ prune: true }, ['refs/heads/kept', 'refs/heads/kep']), [
    'the exclude refs/heads/nix/* matches no ref, and refs are to be deleted',
    'the exclude refs/heads/kep matches no ref, and refs are to be deleted',
  ])
})
