#!/usr/bin/env node
import { VERSION } from './version.js'

const args = process.argv.slice(2)
if (args.length === 1 && args[0] === '--version') {
  // Scripts ask for it often: the flags of all commands need not be built. A reader that is gone is no error here.
  console.log(VERSION)
} else {
  // Before the modules whose stack traces it maps to TypeScript are loaded.
  process.setSourceMapsEnabled(true)
  const { runCommandLine } = await import('./cli/command-line.js')
  await runCommandLine(process.argv)
}
