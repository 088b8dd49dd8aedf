import { expect, test } from 'bun:test'
import { dashboardRoutes } from '../../routes/dashboard.ts'
import { dashboardFiles } from '../../src/wiring/dashboard-files.ts'

/** Beyond it the first look at a gateway far away takes noticeably long. */
const SCRIPT_GZIP_BYTES_MAX = 60_000

const routes = dashboardRoutes({ files: dashboardFiles })

async function assetNames(): Promise<string[]> {
  const html = await (await routes.request('/')).text()
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
}

test('every page is the same file, which is asked for again each time', async () => {
  const pages = [
    '/',
    '/live',
    '/events?source=github',
    '/events/7',
    '/sources/github',
    '/consumers',
    '/system',
  ]
  const answers = await Promise.all(pages.map((page) => routes.request(page)))
  for (const answer of answers) {
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
  }
  expect((await routes.request('/events/seven')).status).toBe(404)
})

test('what it loads is named after its content and kept forever', async () => {
  const names = await assetNames()
  expect(names.map((name) => name.slice(name.lastIndexOf('.'))).toSorted()).toEqual([
    '.css',
    '.js',
    '.svg',
  ])
  for (const name of names) {
    expect(name).toMatch(/^\/assets\/[a-z]+-[a-z0-9]{8}\.[a-z]+$/)
    const answer = await routes.request(name)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  }
  expect((await routes.request('/assets/other.js')).status).toBe(404)
})

test('nothing but our own files may run, and no text may become markup', async () => {
  const policy = (await routes.request('/')).headers.get('content-security-policy') ?? ''
  expect(policy).toStartWith("default-src 'none'; script-src 'self'; style-src 'self';")
  expect(policy).toContain("require-trusted-types-for 'script'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  const html = await (await routes.request('/')).text()
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| on[a-z]+=| style=/)
})

test('the script is small, and goes over the wire compressed', async () => {
  const script = (await assetNames()).find((name) => name.endsWith('.js')) ?? ''
  const headers = { 'accept-encoding': 'gzip, br' }
  const zipped = await routes.request(script, { headers })
  expect(zipped.headers.get('content-encoding')).toBe('gzip')
  const bytes = await zipped.bytes()
  expect(bytes.length).toBeLessThan(SCRIPT_GZIP_BYTES_MAX)
  const plain = await routes.request(script)
  expect(Bun.gunzipSync(new Uint8Array(bytes))).toEqual(new Uint8Array(await plain.bytes()))
})

test('files that could not be made are tried again', async () => {
  let tries = 0
  const flaky = dashboardRoutes({
    files() {
      tries += 1
      return tries === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve(new Map())
    },
  })
  flaky.onError(() => new Response(null, { status: 500 }))
  expect((await flaky.request('/')).status).toBe(500)
  expect((await flaky.request('/')).status).toBe(404)
})
