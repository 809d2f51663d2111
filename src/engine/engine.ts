// All that a run needs, in one module for `load-engine.ts`.
export { runFetch } from './fetch.js'
export { runProbe } from './probe.js'
export { Runner } from './run/runner.js'
export { runSync } from './sync.js'
