import { Command, CommanderError } from 'commander'
import { UNPRINTABLE } from '../runtime/printable.js'
import { VERSION } from '../version.js'
import { benchCommand } from './commands/bench.js'
import { bootstrapCommand } from './commands/bootstrap.js'
import { fetchCommand } from './commands/fetch.js'
import { planCommand } from './commands/plan.js'
import { probeCommand } from './commands/probe.js'
import { replicateCommand } from './commands/replicate.js'
import { serveCommand } from './commands/serve.js'
import { syncCommand } from './commands/sync.js'
import { exitStatus } from './output/exit-status.js'

const COMMANDS = [
  serveCommand,
  probeCommand,
  planCommand,
  syncCommand,
  replicateCommand,
  bootstrapCommand,
  fetchCommand,
  benchCommand,
]

/** Runs the command that the arguments name, and leaves the exit status in `process.exitCode`. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  // A reader of our output may stop early, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  // Nobody reads the messages any more, which ends no run: a push may be under way.
  process.stderr.on('error', () => {})
  const unreadable = argv.findIndex((word) => word.includes('\ufffd'))
  if (unreadable >= 0) {
    // Node puts U+FFFD in place of bytes that it cannot decode: the name would be a different one.
    const why = 'is not UTF-8; a * can stand for what cannot be written'
    process.stderr.write(`git-sync: argument ${unreadable - 1} ${why}\n`)
    process.exitCode = exitStatus.usage
    return
  }
  try {
    await buildProgram().parseAsync(argv.map(withPreset))
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : exitStatus.usage
  }
}

/** `--lfs` alone has a value of its own, so the word after it is not its value, as the parser would assume. */
function withPreset(word: string, at: number, argv: readonly string[]): string {
  const isOption = word === '--lfs' && !argv.slice(0, at).includes('--')
  return isOption && argv[2] !== 'probe' ? '--lfs=new' : word
}

/** Every command with its flags. Only a command that runs loads the engine. */
export function buildProgram(): Command {
  const program = new Command('git-sync')
    .description('Mirrors Git refs from one remote to another, streaming the pack straight through.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    // With its arguments, a command would leave no room for what it does.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ outputError: (text, write) => write(safeUsageError(text)) })
    .exitOverride()
    .addHelpText('after', EXIT_STATUS)
  for (const command of COMMANDS) program.addCommand(command().copyInheritedSettings(program))
  return program
}

/** Makes a usage error printable; it may quote an argument in full. */
function safeUsageError(text: string): string {
  return text.split('\n').map(safeLine).join('\n')
}

function safeLine(line: string): string {
  return withoutSecrets(line.toWellFormed().replace(UNPRINTABLE, ' '))
}

/** Removes the values of flags, and the users of URLs. Each run of hyphens is read once, from its start. */
function withoutSecrets(line: string): string {
  return line.replace(/(?<![\w-])(--[\w-]+)=.*?(?='?$)/, '$1').replace(/\/\/[^/\s]*@/g, '//')
}

const EXIT_STATUS = `
Exit status: 0 done (plan: also with blocked refs), 1 failed, 2 wrong usage,
3 blocked refs, 130 interrupted.
`
