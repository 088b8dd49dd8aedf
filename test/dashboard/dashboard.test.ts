/** The dashboard in a real browser, in front of a real gateway with real deliveries. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { accessibilityProblems, describeWithBrowser } from '../support/browser.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { SECRETS } from '../e2e/providers-at-work.ts'

setDefaultTimeout(30_000)
const PROGRAM = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

describeWithBrowser('the dashboard', (open) => {
  let directory: TempDir
  let gateway: GatewayProcess

  beforeAll(async () => {
    directory = await makeTempDir()
    gateway = await startGateway({
      command: PROGRAM,
      cwd: directory.path,
      env: { INLET_SINK: 'file', INLET_SOURCES: 'github', INLET_SECRET_GITHUB: SECRETS.github },
    })
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
    await directory[Symbol.asyncDispose]()
  })

  test('opens without a complaint', async () => {
    await using opened = await open({ url: gateway.adminUrl })
    await opened.page.goto('/')
    expect(await accessibilityProblems(opened.page)).toEqual([])
    expect(opened.complaints).toEqual([])
  })
})
