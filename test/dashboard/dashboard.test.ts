/** The dashboard in a real browser, in front of a real gateway with real deliveries. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { accessibilityProblems, describeWithBrowser, layoutShift } from '../support/browser.ts'
import { fill, HOSTILE, openWorld, type World } from './world.ts'

setDefaultTimeout(30_000)

/** Every page, and what it shows once it has its answers. */
const PAGES = {
  '/': 'Counted since this process started',
  '/live': 'connected',
  '/events?source=standard': 'no total in order',
  '/events/1': 'webhooks.github',
  '/dead-letters': 'There are none.',
  '/reruns': 'Nothing was sent again yet.',
  '/sources': 'standard_webhooks',
  '/sources/standard': 'matched last',
  '/sources/%zz': 'No source of this name is served.',
  '/consumers': 'No handler file defines a consumer',
  '/system': 'Write-ahead log',
} as const

/** A button that becomes as wide as its text; nothing that anybody could miss with the pointer. */
const LAYOUT_SHIFT_MAX = 0.005

/** The pictures in the docs are made by `DASHBOARD_IMAGES=1 bun test test/dashboard`. */
const IMAGES =
  process.env['DASHBOARD_IMAGES'] === undefined
    ? undefined
    : join(import.meta.dir, '../../docs/images')

const PICTURES = [
  ['dashboard', '/'],
  ['dashboard-events', '/events'],
  ['dashboard-event', '/events/1'],
] as const

describeWithBrowser('the dashboard', (open) => {
  let world: World
  let url: string

  beforeAll(async () => {
    world = await openWorld()
    url = world.gateway.adminUrl
    await fill(world)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('every page is accessible, in light, dark and narrow, and complains of nothing', async () => {
    await using opened = await open({ url })
    const { page, complaints } = opened
    for (const [path, shows] of Object.entries(PAGES)) {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.goto(path)
      await shown(page, shows)
      const problems = await accessibilityProblems(page)
      if ((await layoutShift(page)) > LAYOUT_SHIFT_MAX) problems.push('it moved while it loaded')
      await page.emulateMedia({ colorScheme: 'dark' })
      problems.push(...(await accessibilityProblems(page, ['color-contrast'])))
      if (await isTooWideAt(page, 400)) problems.push('it is wider than 400 px')
      expect({ path, problems }).toEqual({ path, problems: [] })
      await page.setViewportSize(WINDOW)
    }
    expect(complaints).toEqual([])
  })

  test('what is searched for is in the address, and survives a reload and the back button', async () => {
    await using opened = await open({ url })
    const { page } = opened
    await page.goto('/events')
    const rows = page.locator('tbody tr')
    await rows.nth(49).waitFor()
    await page.getByLabel('Source', { exact: true }).fill('standard')
    await page.getByLabel('State').selectOption('failed')
    await page.waitForURL('**/events?source=standard&state=failed')
    await rows.nth(1).waitFor({ state: 'detached' })
    await rows.getByText('no total in order order-1').waitFor()

    await page.reload()
    await rows.nth(1).waitFor({ state: 'detached' })
    await rows.getByText('no total in order order-1').waitFor()
    expect(await page.getByLabel('State').inputValue()).toBe('failed')

    await page.goBack()
    await rows.nth(49).waitFor()
    expect(await page.getByLabel('State').inputValue()).toBe('')
    const newest = await rows.first().textContent()
    await page.getByRole('link', { name: 'Older' }).click()
    await page.waitForURL('**/events?before=*')
    await page.getByRole('link', { name: 'Newest' }).click()
    await page.getByText('press /').isHidden()
    await rows.nth(49).waitFor()
    expect(await rows.first().textContent()).toBe(newest)
  })

  test('text is found in bodies, and ids are found exactly', async () => {
    await using opened = await open({ url })
    const { page } = opened
    const rows = page.locator('tbody tr')
    await page.goto('/events')
    await rows.nth(49).waitFor()
    await page.getByLabel('Text in the body').fill('"id":"order-1"')
    await page.keyboard.press('Enter')
    await rows.nth(2).waitFor({ state: 'detached' })
    await page.getByText('order.seen').waitFor()
    const id = await rows.first().locator('a').getAttribute('title')
    expect(await rows.count()).toBe(2)
    await page.goto(`/events?id=${id}`)
    await page.getByText('order.seen').waitFor()
    expect(await rows.count()).toBe(1)
    await page.goto('/events?id=nobody-sent-this')
    await page.getByText('No event matches.').waitFor()
  })

  test('a search that was cut short says how far it came, and goes on from there', async () => {
    await using opened = await open({ url })
    const { page } = opened
    // Only millions of events make the real one stop early.
    const searched = { seq: 12_346, receivedAt: '2026-01-02T03:04:05.000Z', isComplete: false }
    const json = { events: [], nextBefore: 12_346, searched }
    await page.route(/\/api\/events\?/, (route) => route.fulfill({ json }))
    await page.goto('/events?text=needle')
    const said = page.getByText('Searched back to')
    await said.waitFor()
    expect(await said.locator('time').getAttribute('datetime')).toBe(searched.receivedAt)
    await said.getByRole('link', { name: 'go on' }).click()
    await page.waitForURL('**/events?text=needle&before=12346')
  })

  test('while the gateway is away, what was seen stays, with a word about it', async () => {
    await using opened = await open({ url })
    const { page, context } = opened
    await page.clock.install()
    await page.goto('/system')
    await page.getByText('Write-ahead log').waitFor()
    await context.setOffline(true)
    await page.clock.fastForward('00:10')
    await page.getByText('The gateway does not answer.').waitFor()
    expect(await page.getByText('Write-ahead log').isVisible()).toBe(true)
    await context.setOffline(false)
    await page.clock.fastForward('00:10')
    await page.getByText('The gateway does not answer.').waitFor({ state: 'detached' })
  })

  test('a payload full of markup stays text, everywhere it is shown', async () => {
    await using opened = await open({ url })
    const { page, complaints } = opened
    await page.goto('/events')
    // As a part of its own cell, and not of the page around it.
    await page.getByText(HOSTILE, { exact: true }).waitFor()
    await page.locator('tbody tr', { hasText: HOSTILE }).locator('a').click()
    const body = page.locator('.body-view pre')
    await body.getByText('hacked').first().waitFor()
    expect(await body.textContent()).toContain(JSON.stringify(HOSTILE))
    for (const view of ['Raw', 'Hex', 'Pretty']) {
      await page.getByRole('button', { name: view }).click()
      expect(await body.textContent()).toContain(view === 'Hex' ? '00000120' : 'onerror=hacked=1')
    }
    expect(await page.locator('#app script, img, pre pre, iframe').count()).toBe(0)
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('markup that did get in would not run: the policy stops it', async () => {
    await using opened = await open({ url })
    const { page, complaints } = opened
    await page.goto('/system')
    await page.getByText('Write-ahead log').waitFor()
    const refused = await page.locator('main').evaluate((main: { innerHTML: string }) => {
      try {
        main.innerHTML = '<img src=x onerror="hacked=1">'
        return false
      } catch {
        return true
      }
    })
    expect(refused).toBe(true)
    expect(complaints.join()).toContain('TrustedHTML')
  })

  test('the keyboard is enough', async () => {
    await using opened = await open({ url })
    const { page } = opened
    await page.goto('/')
    await page.getByText('By source').waitFor()
    const focused = () => page.locator(':focus')
    await page.keyboard.press('Tab')
    expect(await focused().textContent()).toContain('Skip to the page')
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('next row').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })

    await page.keyboard.press('/')
    await page.waitForURL('**/events')
    await page.locator('tbody tr').nth(49).waitFor()
    expect(await focused().getAttribute('name')).toBe('id')
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('k')
    const second = page.locator('[data-row]').nth(1)
    expect(await focused().getAttribute('href')).toBe(await second.getAttribute('href'))
    await page.keyboard.press('Enter')
    await page.locator('h1:focus', { hasText: 'Event' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.waitForURL('**/sources')
    await page.locator('h1:focus', { hasText: 'Sources' }).waitFor()
    expect(await page.title()).toBe('Sources · Inlet')
  })

  test('deliveries appear as they are answered, and wait while it is paused', async () => {
    await using opened = await open({ url })
    const { page } = opened
    await page.goto('/live?source=standard')
    await page.getByText('connected').waitFor()
    const seen = world.signed('order.seen', { id: 'order-7' })
    await world.deliver(seen)
    await page.locator('tbody tr', { hasText: seen.eventId }).getByText('accepted').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await world.deliver(seen)
    await page.getByRole('button', { name: 'Go on (1 new)' }).click()
    await page.locator('tbody tr').getByText('duplicate').waitFor()
    await world.deliver({ ...seen, body: seen.body.replace('order-7', 'order-8') })
    await page.locator('tbody tr').getByText('refused').waitFor()
  })

  test('a refused delivery is evidence: when, from where, and why', async () => {
    await using opened = await open({ url })
    const { page } = opened
    await page.goto('/sources/standard')
    await page.getByText('https://hooks.example.com/hooks/standard').waitFor()
    const refusal = page.locator('details.refusal').last()
    await refusal.locator('summary').click()
    await refusal.getByText('SIGNATURE_MISMATCH').waitFor()
    const shown = await refusal.textContent()
    expect(shown).toContain('127.0.0.1')
    expect(shown).toContain('webhook-id')
    expect(shown).not.toMatch(/v1,[A-Za-z0-9+/]{20}/)
  })

  // With the variable alone: what is committed shall not change with every run.
  for (const [name, path] of IMAGES === undefined ? [] : PICTURES) {
    test(`${name}.png is made for the docs`, async () => {
      await using opened = await open({ url, height: 480 })
      const { page } = opened
      await page.goto(path)
      await page
        .getByText(/github/)
        .first()
        .waitFor()
      await page.screenshot({ path: join(IMAGES ?? '', `${name}.png`) })
    })
  }

  test('light or dark is remembered', async () => {
    await using opened = await open({ url, colorScheme: 'light' })
    const { page } = opened
    await page.goto('/')
    await page.getByRole('button', { name: 'Theme: system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).click()
    await page.reload()
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    expect(await accessibilityProblems(page, ['color-contrast'])).toEqual([])
  })
})

/** Waits for text; where it does not come, the error says what is there instead. */
async function shown(page: Page, text: string): Promise<void> {
  const place = page.getByText(text).first()
  await place.waitFor().catch(async (cause: unknown) => {
    const instead = await page.locator('body').textContent()
    throw new Error(`"${text}" is not on ${page.url()}: ${instead}`, { cause })
  })
}

const WINDOW = { width: 1280, height: 800 }

/** Whether the page has to be moved sideways in a window of this width. */
async function isTooWideAt(page: Page, width: number): Promise<boolean> {
  await page.setViewportSize({ ...WINDOW, width })
  return page.locator('html').evaluate((html: { scrollWidth: number; clientWidth: number }) => {
    return html.scrollWidth > html.clientWidth
  })
}
