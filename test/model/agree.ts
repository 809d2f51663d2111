import { strict as assert } from 'node:assert'

/** Like `assert.deepEqual`, but says both what was compared and how the two differ. */
export function agree(actual: unknown, expected: unknown, what: string): void {
  try {
    assert.deepEqual(actual, expected)
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`)
  }
}
