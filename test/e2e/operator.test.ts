/**
 * What a new operator tries, as the README says it, with a real Kafka and a real browser: send an
 * event and find it, break a handler and mend it, rotate a secret, get a record through that was
 * too large, and live through an outage.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { systemClock } from '../../src/clock.ts'
import { accessibilityProblems, describeWithBrowser, type OpenPage } from '../support/browser.ts'
import { startGateway, type GatewayProcess, type LogLine } from '../support/gateway-process.ts'
import { startKafka, type KafkaServer } from '../support/kafka-server.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { configureTopic, createTopicNamed, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)
const COMMAND = [process.execPath, join(import.meta.dir, '../../src/main.ts')]
const OLD = 'old-webhook-secret-0123456789'
const NEW = 'new-webhook-secret-0123456789'
const TOPICS = ['webhooks.github', 'code.reviews'] as const
const [RAW, REVIEWS] = TOPICS

/** Smaller than what GitHub sends of a push. */
const SMALL = { 'max.message.bytes': '1000' }
const LARGE = { 'max.message.bytes': '1048588' }

// The suite's own Kafka must not be stopped: others use it. Where there is one, this one starts.
describeWithKafka('a new operator', () => {
  describeWithBrowser('on the command line and in the dashboard', (open) => {
    let kafka: KafkaServer
    let folder: TempDir
    let gateway: GatewayProcess
    let opened: OpenPage
    let page: Page

    beforeAll(async () => {
      folder = await makeTempDir()
      expect((await run(folder, ['init'])).code).toBe(0)
      writeFileSync(file('github.secret'), OLD)
      kafka = await startKafka()
      for (const topic of TOPICS) await createTopicNamed(topic, { brokers: kafka.brokers })
      gateway = await startGateway({
        command: COMMAND,
        cwd: folder.path,
        env: {
          KAFKA_BROKERS: kafka.brokers,
          INLET_SECRET_GITHUB_FILE: 'github.secret',
          INLET_ALARM_LAG_MS: '1000',
        },
      })
      opened = await open({ url: gateway.adminUrl })
      page = opened.page
    })
    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
      await gateway[Symbol.asyncDispose]()
      await kafka[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    })

    const file = (path: string) => join(folder.path, path)

    /** What a command prints, run beside the gateway in its folder. */
    async function inlet(...args: readonly string[]): Promise<string> {
      const { code, out, err } = await run(folder, args, {
        PORT: new URL(gateway.url).port,
        INLET_ADMIN_PORT: new URL(gateway.adminUrl).port,
      })
      expect([args, code, err]).toEqual([args, 0, ''])
      return out
    }

    /** Signs an event as GitHub would, and delivers it; anything but a 2xx fails. */
    async function send(id: string, type: string, secret = OLD): Promise<void> {
      const { code, out } = await run(folder, ['send', 'github', type, '--id', id], {
        PORT: new URL(gateway.url).port,
        INLET_SECRET_GITHUB: secret,
      })
      expect([id, code]).toEqual([id, 0])
      expect(out).toContain('202')
    }

    /** Saves a file that the gateway takes up by itself, and waits until it has. */
    async function save(path: string, text: string): Promise<void> {
      const reloads = () =>
        gateway.log.filter(({ message }) => message === 'reload.finished').length
      const before = reloads()
      writeFileSync(file(path), text)
      while (reloads() === before) await systemClock.sleep(20)
    }

    const recordsOf = async (topic: string, id: string) =>
      (await readTopic(kafka.brokers, topic)).filter(({ headers }) => headers['ce_id'] === id)

    test('sends an event, and finds it and where it went', async () => {
      await send('first', 'pull_request.opened')
      await gateway.drained(10_000)
      const [record] = await recordsOf(REVIEWS, 'first')
      const where = `${record?.partition}/${record?.offset}`
      expect(await inlet('events', 'show', 'first')).toMatch(
        new RegExp(`^${REVIEWS} .* published +${where}$`, 'm'),
      )

      await page.goto('/')
      await page.keyboard.press('/')
      await page.getByLabel('Event id').fill('first')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'first' }).click()
      const timeline = page.locator('.timeline')
      await timeline.getByText(REVIEWS).waitFor()
      expect(await timeline.textContent()).toContain(
        `${REVIEWS} partition ${record?.partition}, offset ${record?.offset}`,
      )
    })

    test('breaks a handler, sees it, mends it, and replays what it missed', async () => {
      const handler = readFileSync(file('handlers/github.ts'), 'utf8')
      const broken = handler.replace('data.pull_request.title,', '(data as any).title.trim(),')
      expect(broken).not.toBe(handler)
      await save('handlers/github.ts', broken)
      await send('second', 'pull_request.opened')

      await page.goto('/')
      await page.getByRole('link', { name: 'failed', exact: true }).click()
      await page.getByText("undefined is not an object (evaluating 'data.title.trim')").waitFor()
      expect(await inlet('events', '--state', 'failed')).toContain('second')

      await save('handlers/github.ts', handler)
      await page.getByRole('button', { name: 'Replay…' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Runs 1 event through the handlers of today.').waitFor()
      await dialog.getByRole('button', { name: 'Replay' }).click()
      await page.locator('tbody tr').getByText('done', { exact: true }).waitFor()
      await gateway.drained(10_000)
      expect(await inlet('events', '--state', 'failed')).toBe('no events\n')
      const [record, ...others] = await recordsOf(REVIEWS, 'second')
      expect(record?.headers['inlet-replay']).toMatch(/^replay-[0-9a-f]+$/)
      expect(others).toEqual([])
    })

    test('rotates a secret without one refused delivery', async () => {
      await save('github.secret', `${NEW}\n${OLD}\n`)
      await send('before-the-switch', 'ping', OLD)
      await send('after-the-switch', 'ping', NEW)
      await page.goto('/sources/github')
      const slots = page.getByRole('region', { name: 'Secrets' }).locator('tbody tr')
      await slots.first().getByText('matched last').waitFor()
      expect(await slots.nth(1).textContent()).not.toContain('matched last')

      await save('github.secret', NEW)
      await send('after-the-old-one-went', 'ping', NEW)
      expect(await inlet('rejected')).toBe('nothing was refused\n')
    })

    test('gets a record through that was too large for its topic', async () => {
      await configureTopic(kafka.brokers, RAW, SMALL)
      await send('large', 'push', NEW)
      await page.goto('/dead-letters')
      await page.locator('tbody tr').getByText(RAW).waitFor()
      expect(await inlet('outbox')).toMatch(new RegExp(` ${RAW} .*larger than`))

      await configureTopic(kafka.brokers, RAW, LARGE)
      expect(await inlet('redrive', '--topic', RAW, '--yes')).toContain('is done: 1 done')
      await page.getByText('There are none.').waitFor()
      expect(await inlet('events', 'show', 'large')).toMatch(/ published /)
      expect(await recordsOf(RAW, 'large')).toHaveLength(1)
    })

    test('stops Kafka, sees the lag and its alarm, and sees it drain', async () => {
      await kafka.kill()
      const ids = ['outage-1', 'outage-2']
      for (const id of ids) await send(id, 'ping', NEW)
      await page.goto('/')
      const waiting = page.getByRole('link', { name: /^Waiting for Kafka/ })
      await waiting.getByText('Kafka does not answer').waitFor()
      expect(await waiting.textContent()).toContain('Waiting for Kafka2')
      // The gateway looks every 10 s.
      while (!gateway.log.some(isLagAlarm)) await systemClock.sleep(20)
      await page.reload()
      await page.getByText(/^\d records wait, the oldest for \d+ s$/).waitFor()
      expect(await accessibilityProblems(page)).toEqual([])
      expect(await inlet('stats')).toMatch(/^alarm +lag outbox: \d records wait/m)

      await kafka.restart()
      await waiting.getByText('nothing waits').waitFor({ timeout: 25_000 })
      for (const id of ids) expect(await recordsOf(RAW, id)).toHaveLength(1)
      expect(await inlet('stats')).toContain('0 pending, 0 retry, 0 blocked, 0 dead')
      expect(opened.complaints).toEqual([])
    })
  })
})

const isLagAlarm = ({ message, alarm }: LogLine) => message === 'alarm.raised' && alarm === 'lag'

async function run(
  { path }: TempDir,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const child = Bun.spawn([...COMMAND, ...args], {
    cwd: path,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { code: await child.exited, out, err }
}
