/** What goes in and out by which address and topic, as an AsyncAPI 3 document. */
import { z } from 'zod'
import type { ConsumerDefinition } from '../consumer.ts'
import type { SourceDefinition } from '../route.ts'
import { isTopicRoutes, type DeclaredTopic } from '../topic.ts'

/** What the document is made from. */
export interface Described {
  readonly version: string
  /** The public base URL of the hooks. */
  readonly url: string
  /** Empty where there is no Kafka. */
  readonly brokers: readonly string[]
  readonly isKafkaSecure: boolean
  readonly sources: readonly (Pick<SourceDefinition, 'name' | 'events' | 'publishes'> & {
    readonly provider: string
  })[]
  readonly consumers: readonly ConsumerDefinition[]
}

type JsonSchema = Readonly<Record<string, unknown>>

interface Message {
  readonly name: string
  readonly title: string
  readonly contentType?: string
  readonly headers?: JsonSchema
  readonly payload: JsonSchema
}

interface Channel {
  readonly address: string | null
  readonly description: string
  readonly servers?: readonly { readonly $ref: string }[]
  readonly messages: Record<string, Message>
}

interface Operation {
  readonly action: 'send' | 'receive'
  readonly summary: string
  readonly channel: { readonly $ref: string }
  readonly messages: { readonly $ref: string }[]
}

/** An operation of a source or a consumer, without what it is about. */
type OperationOf = Pick<Operation, 'action' | 'summary'> & { readonly by: string }

/** A route of a source or a consumer, as far as the document is about it. */
type AnyRoute = { readonly schema: z.ZodType } | { readonly topic: string }

/**
 * Describes what sources take, what consumers read, what passes through unchanged, and the declared
 * topics that handlers say they publish to.
 */
export function asyncApiDocument(described: Described): JsonSchema {
  const channels: Record<string, Channel> = {}
  const operations: Record<string, Operation> = {}

  /** Adds a message to a channel, and to the operation that is about it. */
  function add(
    channelId: string,
    channel: Omit<Channel, 'messages'>,
    operation: OperationOf,
    message: Message,
  ): void {
    const { by, action, summary } = operation
    const { messages } = (channels[channelId] ??= { ...channel, messages: {} })
    const messageId = `${by}.${idOf(message.name)}`
    messages[messageId] = message
    const known = (operations[`${by}.${action}.${channelId}`] ??= {
      action,
      summary,
      channel: { $ref: `#/channels/${channelId}` },
      messages: [],
    })
    const $ref = `#/channels/${channelId}/messages/${messageId}`
    // What passes through from several topics is one message.
    if (!known.messages.some((each) => each.$ref === $ref)) known.messages.push({ $ref })
  }

  function addTopic(topic: string | RegExp, operation: OperationOf, message: Message): void {
    const isPattern = topic instanceof RegExp
    const description = isPattern ? `Topics that ${String(topic)} fits.` : 'A topic of Kafka.'
    const channel = { address: isPattern ? null : topic, description, ...on('kafka', described) }
    add(`kafka.${idOf(String(topic))}`, channel, operation, message)
  }

  function addPassed(by: string, type: string, route: AnyRoute): void {
    if (!('topic' in route)) return
    const pass = { by, action: 'send', summary: 'Publishes bytes unchanged.' } as const
    addTopic(route.topic, pass, recordMessage(type, route))
  }

  /** What handlers publish is what their file says: what they do is code. */
  function addPublished(by: string, topics: readonly DeclaredTopic[] = []): void {
    const publish = { by, action: 'send', summary: 'Publishes what it makes.' } as const
    for (const { name, schemas } of topics) {
      for (const [type, schema] of Object.entries(schemas)) {
        addTopic(name, publish, recordMessage(type, { schema }))
      }
    }
  }

  for (const { name, provider, events, publishes } of described.sources) {
    const hook = { address: `/hooks/${name}`, description: `Webhooks of ${provider}.` }
    const summary = `Takes webhooks of ${provider}.`
    const take = { by: name, action: 'receive', summary } as const
    for (const [type, route] of Object.entries(events)) {
      add(`hooks.${name}`, { ...hook, ...on('hooks', described) }, take, hookMessage(type, route))
      addPassed(name, type, route)
    }
    addPublished(name, publishes)
  }
  for (const { name, publishes, ...consumer } of described.consumers) {
    const read = { by: name, action: 'receive', summary: `Read by the consumer ${name}.` } as const
    for (const { topic, type, route } of readBy(consumer)) {
      addTopic(topic, read, recordMessage(type, route))
      addPassed(name, type, route)
    }
    addPublished(name, publishes)
  }
  return {
    asyncapi: '3.0.0',
    info: { title: 'Inlet', version: described.version },
    defaultContentType: 'application/json',
    servers: serversOf(described),
    channels,
    operations,
  }
}

/** Each type of each topic that a consumer reads. */
function readBy({ topics, events = {} }: Pick<ConsumerDefinition, 'topics' | 'events'>) {
  return topics.flatMap((topic) => {
    const isOwn = isTopicRoutes(topic)
    const routes: Readonly<Record<string, AnyRoute>> = isOwn ? topic.events : events
    return Object.entries(routes).map(([type, route]) => ({
      topic: isOwn ? topic.topic.name : topic,
      type,
      route,
    }))
  })
}

function serversOf({ url, brokers, isKafkaSecure }: Described): JsonSchema {
  const { host, pathname, protocol } = new URL(url)
  const [broker] = brokers
  const path = pathname === '/' ? {} : { pathname }
  const kafka = isKafkaSecure ? 'kafka-secure' : 'kafka'
  return {
    hooks: { host, protocol: protocol.replace(':', ''), ...path },
    ...(broker === undefined ? {} : { kafka: { host: broker, protocol: kafka } }),
  }
}

function on(server: 'hooks' | 'kafka', { brokers }: Described): Pick<Channel, 'servers'> {
  if (server === 'kafka' && brokers.length === 0) return {}
  return { servers: [{ $ref: `#/servers/${server}` }] }
}

function hookMessage(type: string, route: AnyRoute): Message {
  return { name: type, title: titleOf(type), payload: payloadOf(route) }
}

/** The CloudEvents Kafka binding in binary mode. */
function recordMessage(type: string, route: AnyRoute): Message {
  const { headers } = z.toJSONSchema(z.object({ headers: ceHeaders() })).properties ?? {}
  return { ...hookMessage(type, route), headers: headers as JsonSchema }
}

function ceHeaders() {
  return z.looseObject({
    ce_id: z.string().describe('With `ce_source` the identity of the event.'),
    ce_source: z.string(),
    ce_type: z.string(),
    ce_specversion: z.literal('1.0'),
  })
}

function titleOf(type: string): string {
  if (type === '*') return 'every other type'
  return type.endsWith('.*') ? `every other type below ${type.slice(0, -2)}` : type
}

/** What comes in, before the schema has changed it; `{}` where it is not declared. */
function payloadOf(route: AnyRoute): JsonSchema {
  if (!('schema' in route)) return {}
  const { $schema: _, ...schema } = z.toJSONSchema(route.schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
  })
  return schema
}

/** A name that the document takes as a key: everything else is written as its number. */
function idOf(name: string): string {
  return name.replace(/[^\w.-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}`)
}
