/** A real Chromium without a window, as an operator's browser. */
import { afterAll, describe } from 'bun:test'
import axe from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { countSkipped } from './servers.ts'

const PROGRAM = Bun.which('chromium') ?? undefined

/** Root in a container has no sandbox; nothing is fetched that the test did not ask for. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A loaded machine takes a tenth of it for the slowest page. */
const WAIT_MS_MAX = 10_000

/** A page, with everything that it complained about. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors, refused scripts and styles, and failed requests, in the browser's words. */
  readonly complaints: string[]
}

export interface OpenOptions {
  readonly url: string
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

type OpenBrowserPage = (options: OpenOptions) => Promise<OpenPage>

/**
 * `describe` for tests that need a browser; each page has cookies and storage of its own. Where
 * there is no Chromium they are skipped, listed and counted.
 */
export function describeWithBrowser(name: string, fn: (open: OpenBrowserPage) => void): void {
  if (PROGRAM === undefined) {
    countSkipped('chromium')
    describe.skip(`${name} (there is no chromium)`, () => fn(openNothing))
    return
  }
  describe(name, () => {
    let browser: Promise<Browser> | undefined
    afterAll(async () => (await browser)?.close())
    fn((options) => {
      browser ??= chromium.launch({ executablePath: PROGRAM, args: FLAGS })
      return openPage(browser, options)
    })
  })
}

/** Adds up what moved on the page without anybody having touched it. */
const WATCH_SHIFTS = `
  globalThis.shifted = 0
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) {
      if (!hadRecentInput) globalThis.shifted += value
    }
  }).observe({ type: 'layout-shift', buffered: true })`

/** How far a page has moved by itself since it was loaded, as browsers count it: 0.1 is a lot. */
export function layoutShift(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted)
}

function openNothing(): Promise<never> {
  throw new Error('there is no chromium')
}

async function openPage(browser: Promise<Browser>, options: OpenOptions): Promise<OpenPage> {
  const { url, colorScheme = 'light', width = 1280, height = 800 } = options
  const context = await (
    await browser
  ).newContext({ baseURL: url, colorScheme, viewport: { width, height } })
  // Part of every page from its beginning: the policy of the page lets nobody add a script later.
  await context.addInitScript(`${axe.source};${WATCH_SHIFTS}`)
  context.setDefaultTimeout(WAIT_MS_MAX)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() }
}

/** What axe finds wrong with a page, one line for each element. Default: by all of its rules. */
export async function accessibilityProblems(page: Page, rules?: string[]): Promise<string[]> {
  const { violations } = await page.evaluate(
    (only) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({
        resultTypes: ['violations'],
        ...(only === undefined ? {} : { runOnly: only }),
      }),
    rules,
  )
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => {
      return `${id}: ${help} at ${target.join(' ')}: ${failureSummary.replaceAll('\n', ' ')}`
    }),
  )
}
