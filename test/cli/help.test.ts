import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { buildProgram } from '../../src/cli/command-line.js'
import { flagNames } from '../../src/cli/flags/flag-names.js'
import { requestFlags } from '../../src/cli/flags/flags.js'
import { VERSION } from '../../src/version.js'
import { gitSync } from '../../testing/processes/command.js'
import { projectFile } from '../../testing/project/project.js'

const commands = buildProgram().commands

function fitsTerminal(t: Test, help: string) {
  t.strictSame(
    help.split('\n').filter((line) => line.length > 80),
    [],
  )
}

t.test('every file of a command is one', async (t) => {
  const files = readdirSync(projectFile('src/cli/commands')).map((file) => file.replace(/\.ts$/, ''))
  t.strictSame(commands.map((command) => command.name()).sort(), files.sort())
})

t.test('--help of git-sync lists the commands and the exit statuses', async (t) => {
  const { status, stdout, stderr } = await gitSync(['--help'])
  t.equal(status, 0)
  t.equal(stderr, '')
  fitsTerminal(t, stdout)
  for (const command of commands) t.match(stdout, new RegExp(`^  ${command.name()} `, 'm'))
  t.match(stdout, /Exit status: 0 done.*1 failed, 2 wrong usage,\s3 blocked refs/)
})

for (const command of commands) {
  t.test(`${command.name()} --help has every flag, and an example that is one`, async (t) => {
    const { status, stdout } = await gitSync([command.name(), '--help'])
    t.equal(status, 0)
    fitsTerminal(t, stdout)
    for (const { long } of command.options) t.match(stdout, new RegExp(`^  (?:-\\w, )?${long}\\b`, 'm'))
    const example = /^ {2}\$ (?:\w+=\S+ )?git-sync (\S+)(.*)$/m.exec(stdout.replaceAll(/ \\\n +/g, ' '))
    t.equal(example?.[1], command.name())
    const words = (example?.[2] ?? '').split(' ').filter((word) => word !== '')
    const fresh = buildProgram().commands.find((other) => other.name() === command.name())
    t.doesNotThrow(() => fresh?.action(() => {}).parse(words, { from: 'user' }))
  })
}

t.test('--version', async (t) => {
  t.strictSame(await gitSync(['--version']), { status: 0, stdout: `${VERSION}\n`, stderr: '' })
})

t.test('every flag that a message names is one', async (t) => {
  const flags = new Set(commands.flatMap(({ options }) => options.map(({ long }) => long)))
  const synonyms = ['policy.force', 'auth.source', 'auth.target'] as const
  const named = [...requestFlags.map(({ setting }) => setting), ...synonyms].map(flagNames.setting)
  t.ok(named.length > 20)
  for (const flag of named) t.ok(flags.has(flag), flag)
})
