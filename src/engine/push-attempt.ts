import { HttpStatusError } from '../git/http-status.js'
import type { Command } from '../git/push-request.js'
import type { Context } from './execution.js'
import { limitRefusal } from './limit.js'
import { settlePush, type Verdict } from './settle.js'
import { type Shipped, ship } from './ship.js'

/** A push, and what became of each of its commands. */
export interface Pushed extends Shipped {
  verdicts: Map<string, Verdict>
}

export interface PushAttempt {
  commands: readonly Command[]
  wants: readonly string[]
  /** Most bytes of its pack that the target takes. */
  limit: number
}

/**
 * One push and its outcome; a thin pack that cannot be unpacked is sent once more as a whole one.
 *
 * @throws LimitRefusal where less at a time may do, else GitSyncError; either way nothing has moved
 */
export async function pushAttempt(context: Context, push: PushAttempt): Promise<Pushed> {
  const thin = push.wants.length > 0 && !context.remotes.target.capabilities.has('no-thin')
  const first = await settled(context, push, thin)
  if (!thin || !first.report?.unpackError || !nothingMoved(first)) return first
  context.run.emit({ type: 'notice', text: 'the target could not unpack a thin pack: sending a whole one' })
  return settled(context, push, false)
}

async function settled(context: Context, push: PushAttempt, thin: boolean): Promise<Pushed> {
  const shipped = await ship(context, { ...push, thin })
  const { report, failure, bytes } = shipped
  context.run.meter.enter('confirm')
  const verdicts = await settlePush(context.remotes.target, push.commands, report).catch((error: unknown) => {
    throw failure ?? error
  })
  const pushed = { ...shipped, verdicts }
  // All had been sent, but a gateway's time ran out or the connection broke: less may get through.
  if (failure && nothingMoved(pushed)) {
    const refusal = limitRefusal(failure, bytes)
    if (refusal) throw refusal
    if (failure.cause instanceof HttpStatusError) throw failure
  }
  return pushed
}

function nothingMoved({ verdicts }: Pushed): boolean {
  return [...verdicts.values()].every(({ type }) => type === 'refused')
}
