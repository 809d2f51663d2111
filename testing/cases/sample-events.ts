import type { RunEvent } from '../../schemas/event.js'

/** The event of a plan that creates one ref. */
export const plannedEvent: RunEvent & { type: 'planned' } = {
  type: 'planned',
  create: 1,
  update: 0,
  forced: 0,
  delete: 0,
  skip: 0,
  block: 0,
  transferMode: 'bootstrap',
}
