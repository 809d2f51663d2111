import type { IncomingHttpHeaders } from 'node:http'
import type { Locator, Page } from 'playwright-core'
import t from 'tap'
import type { SyncRequest } from '../../src/index.js'
import { stage } from '../../testing/cases/stage.js'
import { noBrowser, openBrowser } from '../../testing/processes/browser.js'
import { DOCUMENT, eventsIn, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

t.test('the page and all that it needs come from the service itself', async (t) => {
  const { url } = await serveApp(t)
  const page = await fetch(`${url}/docs`)
  t.equal(page.status, 200)
  t.match(page.headers.get('content-type'), 'text/html')
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /https?:|\*|unsafe-inline|unsafe-eval/)
  const html = await page.text()
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link)
  t.ok(links.length > 4)
  for (const link of links) {
    t.match(link, /^\/docs\//)
    const asset = await fetch(`${url}${link}`)
    t.equal(asset.status, 200, link)
    await asset.body?.cancel()
  }
  t.strictSame(
    await (await fetch(`${url}/docs/json`)).json(),
    await (await fetch(`${url}/openapi.json`)).json(),
  )
})

t.test('what the page does not have is a problem like any other', async (t) => {
  const { url } = await serveApp(t)
  const problem = await problemOf(await fetch(`${url}/docs/static/no-such.js`))
  t.match(problem, { status: 404, code: 'not_found' })
})

t.test('a plan and a sync are run from the page in a real browser', { skip: noBrowser }, async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const asked: IncomingHttpHeaders[] = []
  const prepare: NonNullable<Parameters<typeof serveApp>[1]>['prepare'] = (app) => {
    app.addHook('onRequest', async ({ method, headers }) => {
      if (method === 'POST') asked.push(headers)
    })
  }
  const { url } = await serveApp(t, { client, prepare })
  const page = await (await openBrowser(t)).newPage()
  const complaints: string[] = []
  const places = new Set<string>()
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (sent) => places.add(new URL(sent.url()).origin))

  await page.goto(`${url}/docs`)
  await authorize(page, 'the-token-of-a-caller')
  const plan = JSON.parse(await run(page, 'plan', request(), DOCUMENT))
  t.match(plan, { execution: { dryRun: true }, plan: { create: 1 } })
  t.strictSame(await target.refs(), {}, 'nothing was pushed')
  const lines = await run(page, 'sync', request(), STREAM)
  t.match(eventsIn(`${lines.trim()}\n`).at(-1), { type: 'result', result: { counts: { applied: 1 } } })
  t.strictSame(await target.refs(), await source.refs())

  t.match(asked, [
    { accept: DOCUMENT, authorization: 'Bearer the-token-of-a-caller' },
    { accept: STREAM, authorization: 'Bearer the-token-of-a-caller' },
  ])
  t.strictSame(complaints, [])
  t.strictSame([...places], [url], 'nothing is asked of anyone else')
})

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.btn.authorize').first().click()
  await page.locator('.auth-container input').fill(token)
  await page.locator('.auth-btn-wrapper .authorize').click()
  await page.locator('.auth-btn-wrapper .btn-done').click()
}

/** Fills the form of a route in, sends it, and gives the body that the page received. */
async function run(page: Page, operation: string, request: SyncRequest, accept: string): Promise<string> {
  const block: Locator = page.locator(`#operations-runs-${operation}`)
  await block.locator('.opblock-summary-control').click()
  await block.locator('textarea.body-param__text').fill(JSON.stringify(request))
  await block.locator('tr.response[data-code="200"] select.content-type').selectOption(accept)
  const answer = page.waitForResponse((response) => response.url().endsWith(`/${operation}`))
  await block.locator('.btn.execute').click()
  const text = await (await answer).text()
  await block.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
  return text
}
