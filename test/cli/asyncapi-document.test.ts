import { expect, test } from 'bun:test'
import { Parser } from '@asyncapi/parser'
import { asyncApiDocument, type Described } from '../../src/cli/asyncapi-document.ts'
import {
  defineConsumer,
  defineSource,
  defineTopic,
  fromTopic,
  on,
  onRecord,
  z,
} from '../../src/gateway.ts'

const parser = new Parser()
/** Of a diagnostic, as the Language Server Protocol counts. */
const ERRORS: ReadonlySet<number> = new Set([0])

const Push = z.object({ ref: z.string(), size: z.coerce.number(), at: z.date().optional() })
const github = defineSource('github', {
  provider: 'github',
  events: {
    push: on(Push, () => null),
    'issues.*': { topic: 'code.issues' },
    '*': { topic: 'webhooks.github' },
  },
})

const described: Described = {
  version: '1.2.3',
  url: 'https://hooks.example.com/in',
  brokers: ['broker-1:9092'],
  isKafkaSecure: false,
  sources: [{ ...github, provider: 'github' }],
  consumers: [
    defineConsumer('feed', {
      topics: ['webhooks.github', /^code\./],
      events: { push: onRecord(Push, () => null), '*': { topic: 'feed.rest' } },
    }),
  ],
}

test('the official parser takes the document, without a complaint', async () => {
  const { document, diagnostics } = await parser.parse(JSON.stringify(asyncApiDocument(described)))
  const complaints = diagnostics.filter(({ severity }) => ERRORS.has(severity))
  expect(complaints).toEqual([])
  expect(
    document
      ?.channels()
      .all()
      .map((channel) => channel.address()),
  ).toEqual(['/hooks/github', 'code.issues', 'webhooks.github', 'feed.rest', null])
  const reads = document
    ?.operations()
    .filterByReceive()
    .map((operation) => operation.id())
  expect(reads).toEqual([
    'github.receive.hooks.github',
    'feed.receive.kafka.webhooks.github',
    String.raw`feed.receive.kafka._2f_5ecode_5c._2f`,
  ])
})

test('a declared topic is described by who publishes to it, and by who reads it', async () => {
  const Reviews = defineTopic('code.reviews', {
    'review.requested': z.object({ url: z.string() }),
    'review.done': z.object({ by: z.string() }),
  })
  const made = asyncApiDocument({
    ...described,
    sources: [{ ...github, provider: 'github', publishes: [Reviews] }],
    consumers: [
      defineConsumer('desk', { topics: [fromTopic(Reviews, { 'review.done': () => null })] }),
    ],
  })
  const { diagnostics } = await parser.parse(JSON.stringify(made))
  expect(diagnostics.filter(({ severity }) => ERRORS.has(severity))).toEqual([])
  const { channels, operations } = made
  const payload = (name: string) => ({
    payload: { type: 'object', properties: { [name]: { type: 'string' } } },
  })
  expect(channels).toMatchObject({
    'kafka.code.reviews': {
      address: 'code.reviews',
      messages: {
        'github.review.requested': payload('url'),
        'github.review.done': payload('by'),
        'desk.review.done': payload('by'),
      },
    },
  })
  expect(Object.keys(operations as object)).toContain('github.send.kafka.code.reviews')
  expect(Object.keys(operations as object)).toContain('desk.receive.kafka.code.reviews')
})

test('the parser finds what is wrong with a document that is none', async () => {
  const broken = { ...asyncApiDocument(described), operations: { read: { action: 'reads' } } }
  const { diagnostics } = await parser.parse(JSON.stringify(broken))
  expect(diagnostics.filter(({ severity }) => ERRORS.has(severity))).not.toEqual([])
})

test('a message has the schema of what comes in, before it is parsed', () => {
  const { channels } = asyncApiDocument(described) as {
    channels: Record<string, { messages: Record<string, { payload: unknown }> }>
  }
  expect(channels['kafka.webhooks.github']?.messages['feed.push']?.payload).toMatchObject({
    type: 'object',
    properties: { ref: { type: 'string' } },
    required: expect.arrayContaining(['ref']),
  })
  expect(channels['hooks.github']?.messages['github._2a']?.payload).toEqual({})
})
