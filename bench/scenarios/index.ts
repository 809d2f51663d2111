import type { Scenario } from '../scenario.js'
import { rawRelay } from './1-raw-relay.js'
import { firstSync } from './2-first-sync.js'
import { updates } from './3-updates.js'
import { noOp } from './4-no-op.js'
import { manyAtOnce } from './5-many-at-once.js'
import { millionCommits } from './6-million-commits.js'
import { rewritten } from './7-rewritten.js'
import { limitedTarget } from './8-limited-target.js'
import { lfs } from './9-lfs.js'
import { start } from './10-start.js'

export const scenarios: readonly Scenario[] = [
  rawRelay,
  firstSync,
  updates,
  noOp,
  manyAtOnce,
  millionCommits,
  rewritten,
  limitedTarget,
  lfs,
  start,
]
