import { strict as assert } from 'node:assert'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GitSyncError, type RunEvent, type SyncRequest, type SyncResult } from '../../src/index.js'
import { fsck, refsOf } from '../../testing/git/git.js'
import { removeFolder } from '../../testing/temporary-folder.js'
import { agree } from './agree.js'
import { checkOutcome } from './check-outcome.js'
import { checkPlan, checkSourceHead, essence } from './check-plan.js'
import { expectOutcome, refusalsOf } from './oracle-outcome.js'
import { type ExpectedPlan, expectPlan } from './oracle-plan.js'
import { isInvalid } from './oracle-request.js'
import { absentBranches, desiredRefs } from './oracle-scope.js'
import { type Built, buildRepositories } from './repositories.js'
import type { Scenario } from './scenario.js'
import { DEAF, type World } from './world.js'

/** What a case ended with, for the tally. */
export type Ending = string

/** Builds a case, plans and runs it, and compares with the oracle. Its folder is kept if they disagree. */
export async function runCase(world: World, scenario: Scenario): Promise<Ending> {
  const name = `${scenario.isDeaf ? DEAF : 'case-'}${scenario.seed}`
  const folder = join(world.root, name)
  await mkdir(folder)
  const built = await buildRepositories(scenario, world.templates, folder)
  const before = await bothRefs(built)
  const ending = await compare(new Case(world, name, scenario, built), before)
  agree(await refsOf(built.source), before.source, 'the source is as it was')
  await fsck(built.target)
  await removeFolder(folder)
  return ending
}

interface BothRefs {
  source: Record<string, string>
  target: Record<string, string>
}

async function bothRefs({ source, target }: Built): Promise<BothRefs> {
  return { source: await refsOf(source), target: await refsOf(target) }
}

type Attempt = { result: SyncResult; error?: undefined } | { result?: undefined; error: GitSyncError }

class Case {
  readonly events: RunEvent[] = []

  constructor(
    readonly world: World,
    readonly name: string,
    readonly scenario: Scenario,
    readonly built: Built,
  ) {}

  get pushes(): number {
    return this.world.pushesTo(`${this.name}/target.git`)
  }

  request(expectedPlan?: string): SyncRequest {
    const { scope, policy, options } = this.scenario.request
    const url = (side: string) => this.world.server.url(`${this.name}/${side}.git`)
    return {
      source: { url: url('source') },
      target: { url: url('target') },
      scope,
      policy: { ...policy, ...(expectedPlan !== undefined && { expectedPlan }) },
      options,
    }
  }

  /** A plan in the mode that the run will have. */
  plan(): Promise<Attempt> {
    const request = this.request()
    const isReplicate = this.scenario.request.verb === 'replicate'
    if (isReplicate) request.policy = { ...request.policy, mode: 'replicate' }
    return attempt(this.world.client.plan(request))
  }

  run(expectedPlan?: string): Promise<Attempt> {
    const { verb } = this.scenario.request
    const onEvent = (event: RunEvent) => this.events.push(event)
    return attempt(this.world.client[verb](this.request(expectedPlan), { onEvent }))
  }
}

async function attempt(run: Promise<SyncResult>): Promise<Attempt> {
  try {
    return { result: await run }
  } catch (error) {
    if (error instanceof GitSyncError) return { error }
    throw error
  }
}

async function compare(kase: Case, before: BothRefs): Promise<Ending> {
  const { request } = kase.scenario
  if (await isInvalid(request)) return expectRefusal(kase, before, 'invalid_request')
  if (kase.scenario.isDeaf && request.policy.protocol === 'v2') {
    return expectRefusal(kase, before, 'unsupported')
  }
  const desired = await desiredRefs(request, before.source)
  if (!desired) return expectRefusal(kase, before, 'no_matching_refs')
  const expected = await expectPlan(request, desired, before.target, kase.built.pool)
  const plan = (await kase.plan()).result
  assert(plan, 'a plan is made')
  const speaksV1 = kase.scenario.isDeaf || request.policy.protocol === 'v1'
  checkPlan(request, expected, plan, speaksV1 ? 'v1' : 'v2')
  checkSourceHead(plan, kase.scenario.source.head, before.source)
  agree(kase.pushes, 0, 'a plan pushes nothing')
  const expects = { nothing: undefined, plan: plan.plan.digest, 'other-plan': `sha256:${'0'.repeat(64)}` }
  const ran = await kase.run(expects[request.expects])
  const after = await refsOf(kase.built.target)
  checkNotices(kase, before)
  const codes = refusalsOf(request, expected)
  if (codes.length > 0) {
    assert(codes.includes(ran.error?.code ?? ''), `${ran.error?.code ?? 'success'} instead of ${codes}`)
    agree(essence(ran.error?.result), essence(plan), 'the error carries the plan')
    checkBlockedRefs(ran.error, expected)
    return nothingMoved(kase, before, ran.error?.code ?? '')
  }
  const outcome = expectOutcome(request, expected, {
    refs: before.target,
    head: kase.scenario.target.head,
  })
  checkOutcome({
    request,
    expected,
    plan,
    outcome,
    ...ran,
    before: before.target,
    after,
    pushes: kase.pushes,
  })
  if (!ran.error && ran.result.counts.warned === 0) await checkRepeated(kase, after)
  return ran.error?.code ?? plan.execution.transferMode
}

async function expectRefusal(kase: Case, before: BothRefs, code: string): Promise<Ending> {
  agree((await kase.plan()).error?.code, code, 'the plan')
  agree((await kase.run()).error?.code, code, 'the run')
  return nothingMoved(kase, before, code)
}

async function nothingMoved(kase: Case, before: BothRefs, code: string): Promise<Ending> {
  agree(await refsOf(kase.built.target), before.target, 'the target is as it was')
  agree(kase.pushes, 0, 'nothing was pushed')
  return code
}

function checkBlockedRefs(error: GitSyncError | undefined, { refs }: ExpectedPlan): void {
  if (error?.code !== 'blocked_refs') return
  const blocked = refs.filter(({ action }) => action === 'block').map(({ targetRef }) => targetRef)
  agree(
    error.refs?.map(({ ref }) => ref),
    blocked,
    'the error names each blocked ref',
  )
}

/** Each named branch that the source lacks is a notice. */
function checkNotices({ events, scenario }: Case, before: BothRefs): void {
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.text] : []))
  for (const name of absentBranches(scenario.request, before.source)) {
    assert(
      notices.some((text) => text.includes(name)),
      `a notice says that ${name} is absent`,
    )
  }
}

/** What has succeeded leaves nothing to do. */
async function checkRepeated(kase: Case, after: Record<string, string>): Promise<void> {
  const { pushes } = kase
  const again = (await kase.run()).result
  assert(again, 'the same run succeeds again')
  agree(again.execution.transferMode, 'none', 'the transfer mode of a run repeated')
  assert(
    again.refs.every(({ action }) => action === 'skip'),
    'nothing is left to do',
  )
  agree(kase.pushes, pushes, 'nothing was pushed again')
  agree(await refsOf(kase.built.target), after, 'the target after a run repeated')
}
