/** What an operator does with the dashboard, in a real browser. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { accessibilityProblems, describeWithBrowser } from '../support/browser.ts'
import { describeWithKafka } from '../support/servers.ts'
import { configureTopic, createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { BROKEN, handlerOf, MENDED, openWorld, type World } from './world.ts'

setDefaultTimeout(30_000)
const TOKEN = 'a-made-up-admin-token'

describeWithBrowser('with a token', (open) => {
  let world: World

  beforeAll(async () => {
    world = await openWorld({ env: { INLET_ADMIN_TOKEN: TOKEN } })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('whoever has none sees nothing, and whoever logs in comes to the page asked for', async () => {
    await using opened = await open({ url: world.gateway.adminUrl })
    const { page, context } = opened
    await page.goto('/sources')
    const field = page.getByLabel('Token')
    await field.waitFor()
    expect(await page.locator('main').textContent()).not.toContain('standard')
    expect(await accessibilityProblems(page)).toEqual([])

    await field.fill('a-wrong-guess-at-it')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await field.fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.getByText('standard_webhooks').waitFor()
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    expect(cookie?.value).not.toContain(TOKEN)

    await page.reload()
    await page.getByText('standard_webhooks').waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await field.waitFor()
    await page.reload()
    await field.waitFor()
  })
})

describeWithBrowser('after a handler was mended', (open) => {
  let world: World

  beforeAll(async () => {
    world = await openWorld()
    await world.handle(BROKEN.replace('no total', 'still no total'))
    await world.deliver(world.signed('order.paid', { id: 'order-1' }))
    await world.deliver(world.signed('order.paid', { id: 'order-2' }))
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('its failed events are found, replayed, and marked', async () => {
    await using opened = await open({ url: world.gateway.adminUrl })
    const { page, complaints } = opened
    await page.goto('/events?state=failed')
    await page.getByText('still no total in order order-2').waitFor()
    await world.handle(MENDED)

    await page.getByRole('button', { name: 'Replay…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Runs 2 events through the handlers of today.').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Replay' }).click()
    await page.waitForURL('**/reruns')
    const rerun = page.locator('tbody tr').first()
    await rerun.getByText('done', { exact: true }).waitFor()
    expect(await rerun.textContent()).toContain('2 of 2')
    expect(await rerun.textContent()).toContain('state=failed')

    await page.goBack()
    await page.getByRole('link', { name: 'Clear' }).click()
    await page.locator('tbody tr').nth(1).waitFor()
    await page.locator('tbody tr a').first().click()
    await page.getByText('What became of it').waitFor()
    const timeline = await page.locator('.timeline').textContent()
    expect(timeline).toContain('orders')
    expect(timeline).toContain('from rerun')
    expect(complaints).toEqual([])
  })

  test('a plan that is not confirmed does nothing', async () => {
    await using opened = await open({ url: world.gateway.adminUrl })
    const { page } = opened
    await page.goto('/events/1')
    await page.getByRole('button', { name: 'Republish…' }).click()
    await page.getByRole('dialog').getByText('1 record').waitFor()
    await page.keyboard.press('Escape')
    await page.goto('/reruns')
    await page.locator('tbody tr').first().waitFor()
    expect(await page.locator('tbody').textContent()).not.toContain('republish')
  })
})

describeWithKafka('a record that Kafka refuses', (brokers) => {
  describeWithBrowser('in the dashboard', (open) => {
    let world: World
    let topic: string

    beforeAll(async () => {
      topic = await createTopic({ brokers, config: { 'max.message.bytes': '2000' } })
      world = await openWorld({
        env: { INLET_SINK: 'kafka', KAFKA_BROKERS: brokers },
        handler: handlerOf(`({ topic: '${topic}', key: data.data.id })`),
      })
      await world.deliver(world.signed('order.paid', { id: 'small' }))
      await world.deliver(world.signed('order.paid', { id: 'large', note: 'x'.repeat(5_000) }))
    })
    afterAll(async () => {
      await world[Symbol.asyncDispose]()
      await deleteTopics(brokers, [topic])
    })

    test('waits with its reason, and is sent once its topic takes it', async () => {
      await using opened = await open({ url: world.gateway.adminUrl })
      const { page, complaints } = opened
      await page.goto('/dead-letters')
      const row = page.locator('tbody tr')
      await row.getByText(topic).waitFor()
      expect(await row.textContent()).toContain('larger than the max message size')
      expect(await accessibilityProblems(page)).toEqual([])

      await configureTopic(brokers, topic, { 'max.message.bytes': '100000' })
      await page.getByRole('button', { name: 'Redrive all of these…' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('1 record').waitFor()
      await dialog.getByRole('button', { name: 'Redrive' }).click()
      await page.waitForURL('**/reruns')
      await row.getByText('done', { exact: true }).waitFor()

      await page.goto('/events/2')
      await page.getByText('after receipt').waitFor()
      const [landed] = (await readTopic(brokers, topic)).filter(({ key }) => key === 'large')
      const timeline = await page.locator('.timeline').textContent()
      expect(timeline).toContain(`partition ${landed?.partition}, offset ${landed?.offset}`)
      expect(complaints).toEqual([])
    })
  })
})
