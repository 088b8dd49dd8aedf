/** The page of consumers, with one that reads from the real Kafka. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { accessibilityProblems, describeWithBrowser } from '../support/browser.ts'
import { produce } from '../consume/node.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { openWorld, type World } from './world.ts'

setDefaultTimeout(30_000)

describeWithKafka('a consumer', (brokers) => {
  describeWithBrowser('in the dashboard', (open) => {
    let world: World
    let topic: string

    beforeAll(async () => {
      topic = await createTopic({ brokers, partitions: 1 })
      await produce(brokers, topic, [{ key: 'a', value: 1 }])
      world = await openWorld({
        env: { INLET_SINK: 'kafka', KAFKA_BROKERS: brokers },
        consumer: counting(topic),
      })
    })
    afterAll(async () => {
      await world[Symbol.asyncDispose]()
      await deleteTopics(brokers, [topic])
    })

    test('shows how far it is, is paused, resumed, and handles again what is there', async () => {
      await using opened = await open({ url: world.gateway.adminUrl })
      const { page, complaints } = opened
      await page.goto('/consumers')
      const section = page.getByRole('region', { name: 'counting', exact: true })
      await section.getByText('running', { exact: true }).waitFor()
      await section.getByText(topic).waitFor()
      expect(await accessibilityProblems(page)).toEqual([])

      await page.getByRole('button', { name: 'pause counting' }).click()
      await section.getByText('paused', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'resume counting' }).click()
      await section.getByText('running', { exact: true }).waitFor()

      await section.getByRole('combobox').selectOption('24')
      await section.getByRole('button', { name: 'Replay…' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Hands 1 record to the consumer at most once more').waitFor()
      await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
      await page.getByText('done', { exact: true }).waitFor()
      await page.getByText('1 of 1').waitFor()
      expect(complaints).toEqual([])
    })
  })
})

function counting(topic: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('counting', {
      topics: ['${topic}'],
      group: '${topic}',
      events: { '*': onRecord(z.unknown(), () => null) },
    })`
}
