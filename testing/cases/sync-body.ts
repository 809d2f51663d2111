import type { SyncRequest } from '../../src/index.js'

/** A request that is in order, for tests in which nobody is asked. */
export function bodyOf(parts: Partial<SyncRequest> = {}): SyncRequest {
  return {
    source: { url: 'http://127.0.0.1:1/source.git' },
    target: { url: 'http://127.0.0.1:1/target.git' },
    ...parts,
  }
}
