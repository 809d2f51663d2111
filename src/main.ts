import { SettingError } from './settings/setting-error.js'

/** Runs the service as a process. Tracing starts before the modules that it instruments are loaded. */
async function main(): Promise<void> {
  // Before the modules whose stack traces it maps to TypeScript are loaded.
  process.setSourceMapsEnabled(true)
  const { startTracing } = await import('./service/tracing.js')
  const stopTracing = await startTracing(process.env)
  const { serve } = await import('./serve.js')
  await serve(process.env, stopTracing)
}

main().catch((error: unknown) => {
  console.error('git-sync cannot start:', error instanceof SettingError ? error.message : error)
  process.exitCode = 1
})
