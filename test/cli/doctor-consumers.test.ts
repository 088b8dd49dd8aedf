import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { doctor } from '../../src/cli/doctor.ts'
import { randomToken } from '../../src/ids.ts'
import { openDbWorld } from '../db/world.ts'
import { describeWithKafka } from '../support/servers.ts'
import { sampleEvent, sampleException, sampleMark } from '../support/stored.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopicNamed, deleteTopics } from '../support/topics.ts'

setDefaultTimeout(60_000)

let directory: TempDir
beforeAll(async () => {
  directory = await makeTempDir()
})
afterAll(() => directory[Symbol.asyncDispose]())

/** What it prints, with handler files that hold these texts. */
async function examine(
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const handlers = join(directory.path, randomToken())
  mkdirSync(join(handlers, 'data'), { recursive: true, mode: 0o700 })
  for (const [name, text] of Object.entries(files)) await Bun.write(join(handlers, name), text)
  const lines: string[] = []
  const base = {
    INLET_SOURCES: 'github',
    INLET_SECRET_GITHUB: 'made-up-secret',
    INLET_HANDLERS_DIR: handlers,
    INLET_DATA_DIR: join(handlers, 'data'),
  }
  await doctor.run({ args: [], env: { ...base, ...env }, print: (line) => lines.push(line) })
  return lines.join('\n')
}

describe('inlet doctor', () => {
  test('says that Kafka has refused records, and what to do', async () => {
    await using world = await openDbWorld()
    const env = { INLET_SINK: 'file', INLET_DATA_DIR: dirname(world.path) }
    expect(await examine(env)).toContain('ok    no record is blocked or dead')

    await world.writer.commit(sampleEvent('a'))
    const exceptions = [sampleException(1, { status: 'blocked' })]
    await world.writer.mark(sampleMark(0, 1, { exceptions }))
    expect(await examine(env)).toMatch(/warn  1 records are blocked, 0 are dead.*`inlet redrive`/)
  })
})

describeWithKafka('inlet doctor, of consumers', (brokers) => {
  const run = randomToken()
  const [orders, small, large, none] = ['orders', 'small', 'large', 'none'].map(
    (name) => `${name}-${run}`,
  )
  const topics = [orders, small, large] as readonly string[]
  afterAll(() => deleteTopics(brokers, topics))

  test('compares what they read with where their dead letters go', async () => {
    const sizes = ['100000', '108191', '108192']
    for (const [index, topic] of topics.entries()) {
      const config = { 'max.message.bytes': sizes[index] ?? '' }
      await createTopicNamed(topic, { brokers, partitions: 1, config })
    }
    const consumer = (name: string, read: string, deadLetters = '') => `
      import { defineConsumer } from 'inlet'
      export default defineConsumer('${name}', {
        topics: [${read}],
        ${deadLetters && `deadLetterTopic: '${deadLetters}',`}
        events: { '*': { topic: 'copies' } },
      })`
    const text = await examine(
      { KAFKA_BROKERS: brokers },
      {
        'fits.ts': consumer('fits', `'${orders}'`, large),
        'tight.ts': consumer('tight', `'${orders}'`, small),
        'lost.ts': consumer('lost', `'${orders}'`),
        'early.ts': consumer('early', `'${none}'`),
        'many.ts': consumer('many', '/^orders/'),
      },
    )
    expect(text).toContain(`ok    consumer fits: ${orders}, ${large}`)
    expect(text).toMatch(
      new RegExp(`warn  topic ${small}: max.message.bytes is 108191.*=108192$`, 'm'),
    )
    expect(text).toMatch(
      new RegExp(`warn  topic ${orders}.dead does not exist.*of consumer lost.*bytes=108192`),
    )
    expect(text).toMatch(new RegExp(`warn  topic ${none} does not exist.*consumer early waits`))
    expect(text).toContain('ok    consumer many: what its patterns match is not looked at')
  })
})
