import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = PLACES.find((path) => existsSync(path))

/** Why a test that wants a real browser cannot run here; `false` where it can. */
export const noBrowser = executablePath === undefined && `there is no Chromium: none of ${PLACES.join(', ')}`

/** A browser without windows; it ends with the test. */
export async function openBrowser(t: { teardown(action: () => Promise<void>): unknown }): Promise<Browser> {
  // Chromium refuses to run its sandbox as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ executablePath: executablePath ?? '', args })
  t.teardown(() => browser.close())
  return browser
}
