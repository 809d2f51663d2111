import type { SyncRequest } from '../../../schemas/request.js'
import type { FieldWording } from '../../errors.js'
import { setting, worded } from '../../wording.js'
import { NOT_TEXT } from './validate-text.js'

/** Contradictions in a policy and its options. */
export function* policyProblems({ policy = {}, options = {} }: SyncRequest): Generator<FieldWording> {
  const lease = policy.force === true || policy.forceWithLease === true
  if (lease && policy.forceBlind) {
    const message = worded`excludes ${setting('policy.force')} and ${setting('policy.forceWithLease')}`
    yield { path: '/policy/forceBlind', message }
  }
  if (policy.mode === 'replicate' && (lease || policy.forceBlind)) {
    yield { path: '/policy/mode', message: 'replicate overwrites by itself: it accepts no force' }
  }
  if (policy.atomic && policy.bestEffort) {
    yield { path: '/policy/atomic', message: worded`excludes ${setting('policy.bestEffort')}` }
  }
  if (policy.mode === 'replicate' && options.materialize === 'always') {
    yield { path: '/options/materialize', message: 'replicate never materializes' }
  }
  for (const [index, option] of (options.pushOptions ?? []).entries()) {
    const path = `/options/pushOptions/${index}`
    // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them here
    if (/[\u0000\n]/.test(option) || Buffer.byteLength(option) > 65_000) {
      yield { path, message: 'must be one line of at most 65,000 bytes' }
    } else if (!option.isWellFormed()) yield { path, message: NOT_TEXT }
  }
}
