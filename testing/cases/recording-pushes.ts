import { type PushBody, readPush } from '../packets/packets.js'
import type { StageOptions } from './stage.js'

/** A stage that adds each push to a list before it goes on to the target. */
export function recordingPushes(pushes: PushBody[], parts: StageOptions = {}): StageOptions {
  return {
    ...parts,
    target: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') pushes.push(readPush(await body()))
        return undefined
      },
    },
  }
}
