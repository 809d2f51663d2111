import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { projectFile } from './project.js'

const run = promisify(execFile)

export interface Instruction {
  name: string
  rest: string
}

/** One stage of a build, carried out in a folder of its own that stands for the image's root. */
export interface BuiltStage {
  root: string
  /** Below `root`. */
  workdir: string
  env: Record<string, string>
  command: string[]
  healthcheck: string[]
}

export function parseDockerfile(text: string): Instruction[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
      return { name, rest: rest.trim() }
    })
}

/** Does what the instructions say without a container: same commands, clean folders. Gives the last stage. */
export async function carryOut(instructions: readonly Instruction[], folder: string): Promise<BuiltStage> {
  const stages = new Map<string, BuiltStage>()
  let stage: BuiltStage | undefined
  for (const { name, rest } of instructions) {
    if (name === 'FROM') {
      const label = / AS (\w+)$/.exec(rest)?.[1] ?? 'last'
      const root = join(folder, label)
      stage = { root, workdir: root, env: {}, command: [], healthcheck: [] }
      stages.set(label, stage)
    } else if (stage) {
      const step = steps[name]
      if (!step) throw new Error(`nobody knows how to carry out ${name}`)
      await step(stage, rest, stages)
    }
  }
  if (!stage) throw new Error('the Dockerfile has no FROM')
  return stage
}

type Step = (stage: BuiltStage, rest: string, stages: Map<string, BuiltStage>) => unknown

const steps: Record<string, Step> = {
  WORKDIR: async (stage, rest) => {
    stage.workdir = join(stage.root, rest)
    await mkdir(stage.workdir, { recursive: true })
  },
  ENV: (stage, rest) => {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(rest) ?? []
    stage.env[name] = value
  },
  COPY: copy,
  // A mounted cache is the one that is here.
  RUN: (stage, rest) =>
    run('sh', ['-c', rest.replace(/^--mount=\S+ /, '')], { cwd: stage.workdir, env: environment(stage) }),
  HEALTHCHECK: (stage, rest) => {
    stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4))
  },
  CMD: (stage, rest) => {
    stage.command = JSON.parse(rest)
  },
  USER: () => {},
  EXPOSE: () => {},
}

/** What was downloaded before need not be again. */
function environment(stage: BuiltStage): NodeJS.ProcessEnv {
  return { ...process.env, ...stage.env, npm_config_prefer_offline: 'true', npm_config_audit: 'false' }
}

async function copy(stage: BuiltStage, rest: string, stages: Map<string, BuiltStage>): Promise<void> {
  const words = rest.split(/\s+/)
  const from = words[0]?.startsWith('--from=')
    ? stages.get(words.shift()?.slice('--from='.length) ?? '')
    : undefined
  const to = join(stage.workdir, words.pop() ?? '')
  for (const word of words) {
    const source = from ? join(from.root, word) : projectFile(word)
    // As in Docker, a file goes into a folder whose name ends in a slash, and a folder takes the other's place.
    await cp(source, to.endsWith('/') ? join(to, basename(word)) : to, { recursive: true })
  }
}
