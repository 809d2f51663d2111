import { startTracing } from './service/tracing.js'
import { SettingError } from './settings/setting-error.js'

/** Runs the service as a process. Tracing starts before the modules that it instruments are loaded. */
async function main(): Promise<void> {
  const stopTracing = await startTracing(process.env)
  const { serve } = await import('./serve.js')
  await serve(process.env, stopTracing)
}

main().catch((error: unknown) => {
  console.error('git-sync cannot start:', error instanceof SettingError ? error.message : error)
  process.exitCode = 1
})
