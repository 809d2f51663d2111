import type { Command } from '../../git/wire/push-request.js'
import { pushAndVerify } from '../push/push-attempt.js'
import { isOrderly, nothingMoved, type Pushed } from '../push/push-error.js'
import type { TooLarge } from '../push/push-outcome.js'
import type { Context } from '../push/push-state.js'
import type { PushLimits } from '../push/transfer.js'
import type { TempRefs } from './temp-refs.js'

export interface LastPush {
  commands: readonly Command[]
  wants: readonly string[]
}

/** The push that moves the real refs, and deletes the temporary ones unless that has to be a push of its own. */
export async function lastPush(
  context: Context,
  { commands, wants }: LastPush,
  temp: TempRefs,
  limits: PushLimits,
): Promise<Pushed | TooLarge> {
  const deletes = context.job.atomic ? [] : temp.deletes()
  let pushed = await pushAndVerify(context, { commands: [...commands, ...deletes], wants, ...limits })
  // The deletes alone may be the reason: a rule against them, or against so many refs in one push.
  if (pushed.type === 'pushed' && deletes.length > 0 && isOrderly(pushed) && nothingMoved(pushed.outcomes)) {
    pushed = await pushAndVerify(context, { commands, wants, ...limits })
  }
  if (pushed.type === 'too-large') return pushed
  const { outcomes } = pushed
  temp.confirm(deletes.filter(({ ref }) => outcomes.get(ref)?.type === 'done'))
  for (const { ref } of deletes) outcomes.delete(ref)
  context.execution.leftBehind.push(...temp.deletes())
  return pushed
}
