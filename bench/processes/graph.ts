import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { CommitGraph } from '../../src/engine/batch/graph/commit-graph.js'
import { readHistory } from '../../src/git/pack/history.js'
import { Pace } from '../../src/runtime/yield.js'
import { gitEnv } from '../../testing/git/git.js'
import { serveCalls } from './serve-calls.js'

export interface GraphRead {
  seconds: number
  commits: number
}

/** Reads the graph of a recorded pack, as a transfer in steps does; far delta bases come from the repository. */
async function read(pack: string, dir: string): Promise<GraphRead> {
  const graph = new CommitGraph(20)
  const pace = new Pace()
  const began = performance.now()
  for await (const objects of readHistory(createReadStream(pack), 'sha1', async (ids) => packOf(dir, ids))) {
    for (const object of objects) await graph.add(object, pace)
  }
  return { seconds: (performance.now() - began) / 1000, commits: graph.commits }
}

function packOf(dir: string, ids: readonly string[]): AsyncIterable<Buffer> {
  const args = ['-C', dir, 'pack-objects', '--stdout', '-q']
  const child = spawn('git', args, { env: gitEnv(), stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(ids.map((id) => `${id}\n`).join(''))
  return child.stdout
}

serveCalls({ read })
