import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'tap'
import { type PlannedRef, summarize } from '../../src/engine/plan/plan-refs.js'
import { decodeText, encodeText } from '../../src/git/refs/byte-text.js'
import { id, planned } from '../../testing/cases/planned.js'
import { holds } from '../../testing/property.js'

const ZERO = id('0')

/** The digest as the contract words it, from raw lines. */
function digestOf(plan: readonly PlannedRef[], zero = ZERO): string {
  const lines: Buffer[] = []
  for (const { action, targetRef, targetHash, sourceHash } of plan) {
    if (action === 'skip') continue
    const [old, now] = [targetHash, sourceHash].map((hash) => (hash === '' ? zero : hash))
    lines.push(
      Buffer.concat([Buffer.from(`${action} `), encodeText(targetRef), Buffer.from(` ${old} ${now}\n`)]),
    )
  }
  lines.sort(Buffer.compare)
  return `sha256:${createHash('sha256').update(Buffer.concat(lines)).digest('hex')}`
}

test('a recorded digest', async (t) => {
  const plan = [planned('create', 'refs/heads/main'), planned('delete', 'refs/heads/old')]
  const text = `create refs/heads/main ${ZERO} ${id('b')}\ndelete refs/heads/old ${id('a')} ${ZERO}\n`
  const expected = createHash('sha256').update(text).digest('hex')
  t.equal((await summarize(plan, ZERO)).digest, `sha256:${expected}`)
  const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  t.equal((await summarize([], ZERO)).digest, empty)
  t.equal(
    (await summarize([planned('skip', 'refs/heads/main')], ZERO)).digest,
    empty,
    'skipped refs do not count',
  )
})

const actions = fc.constantFrom('create', 'update', 'delete', 'skip', 'block', 'warn')
const names = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '-', 'é', '\uffff', '\u{1f600}'),
  minLength: 1,
})
const plans = fc.uniqueArray(
  fc.tuple(actions, names).map(([action, name]) => planned(action, `refs/heads/${name}`)),
  { selector: ({ targetRef }) => targetRef },
)

test('the digest is that of the lines sorted by bytes, whatever the order of the plan', async (t) => {
  await holds(
    t,
    fc.asyncProperty(plans, async (plan) => {
      assert.equal((await summarize(plan, ZERO)).digest, digestOf(plan))
      assert.equal((await summarize([...plan].reverse(), ZERO)).digest, digestOf(plan))
    }),
  )
})

test('a missing hash is as long as the others', async (t) => {
  const zero = '0'.repeat(64)
  const plan = [planned('create', 'refs/heads/main', { now: 'c'.repeat(64) })]
  t.equal((await summarize(plan, zero)).digest, digestOf(plan, zero))
})

test('names that are not UTF-8 count by their bytes', async (t) => {
  const named = (byte: number) => planned('create', `refs/heads/${decodeText(Buffer.from([byte]))}`)
  t.equal((await summarize([named(0xe4)], ZERO)).digest, digestOf([named(0xe4)]))
  t.not((await summarize([named(0xe4)], ZERO)).digest, (await summarize([named(0xf6)], ZERO)).digest)
})

test('update counts all updates, forced those that are not proven fast-forwards', async (t) => {
  const update = planned('update', 'refs/heads/a')
  const forced = { ...planned('update', 'refs/tags/v1'), forced: true as const }
  const rest = (['create', 'create', 'delete', 'skip', 'skip', 'skip', 'block', 'warn'] as const).map(
    (action, index) => planned(action, `refs/heads/${index}`),
  )
  t.match(await summarize([update, forced, ...rest], ZERO), {
    create: 2,
    update: 2,
    forced: 1,
    delete: 1,
    skip: 3,
    block: 1,
  })
})
