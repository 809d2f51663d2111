import type { Command } from '../../git/wire/push-request.js'
import { forEachYielding } from '../../runtime/yield.js'
import type { KnownTips } from '../plan/known-tips.js'
import type { Remotes } from '../plan/list-remotes.js'
import type { PlannedRef } from '../plan/plan-refs.js'
import type { SyncSpec } from '../request/sync-spec.js'
import type { RunContext } from '../run/run-context.js'
import type { TargetLimit } from './target-limit.js'

/** The context of the pushes of one plan. */
export interface Context {
  run: RunContext
  job: SyncSpec
  remotes: Remotes
  plan: readonly PlannedRef[]
  tips: KnownTips
  /** Objects that the target has besides its tips: confirmed by earlier pushes, or named by itself. */
  confirmed: Set<string>
  execution: Execution
}

/** The results of the pushes of a run, also when it fails. */
export interface Execution {
  planned: number
  /** Pushes of which the target confirmed something. */
  done: number
  /** Its packs go in batches. */
  batched: boolean
  /** The most bytes of a push, where that was given, or where a push was refused. */
  targetLimit: TargetLimit | undefined
  /** Deletes of temporary refs that are still to be carried out. */
  leftBehind: Command[]
  /** A pack was streamed straight through. */
  relayed: boolean
  /** Packs are to be spooled to a file first. */
  materialize: boolean
  /** A pack was. */
  materialized: boolean
  /** By target ref: what was confirmed, or refused under `bestEffort`. */
  completed: Map<string, PlannedRef>
  /** By target ref: why it did not move. */
  failed: Map<string, string>
}

/** The start of another attempt: what is completed stays, and what failed may fare better. */
export async function continueExecution(previous: Execution): Promise<Execution> {
  const completed = new Map<string, PlannedRef>()
  await forEachYielding(previous.completed, ([name, ref]) => completed.set(name, ref))
  return { ...previous, leftBehind: [...previous.leftBehind], completed, failed: new Map() }
}

export function newExecution(materialize: boolean): Execution {
  return {
    planned: 0,
    done: 0,
    batched: false,
    targetLimit: undefined,
    leftBehind: [],
    relayed: false,
    materialize,
    materialized: false,
    completed: new Map(),
    failed: new Map(),
  }
}
