#!/usr/bin/env node
// Before the modules whose stack traces it maps to TypeScript are loaded.
process.setSourceMapsEnabled(true)
const { runCommandLine } = await import('./cli/command-line.js')

await runCommandLine(process.argv)
