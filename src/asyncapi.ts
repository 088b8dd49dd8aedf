/** What goes in and out by which address and topic, as an AsyncAPI 3 document. */
import { z } from 'zod'
import type { ConsumerDefinition } from './consumer.ts'
import type { SourceDefinition } from './route.ts'

/** What the document is made from. */
export interface Described {
  readonly version: string
  /** The public base URL of the hooks. */
  readonly url: string
  /** Empty where there is no Kafka. */
  readonly brokers: readonly string[]
  readonly isKafkaSecure: boolean
  readonly sources: readonly (Pick<SourceDefinition, 'name' | 'events'> & {
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

/** A route of a source or a consumer, as far as the document is about it. */
type AnyRoute = { readonly schema: z.ZodType } | { readonly topic: string }

/**
 * Describes what sources take, what consumers read, and what passes through unchanged. What a
 * handler makes is code: its topics are not in the document.
 */
export function asyncApiDocument(described: Described): JsonSchema {
  const channels: Record<string, Channel> = {}
  const operations: Record<string, Operation> = {}

  /** Adds a message to a channel, and to the operation that is about it. */
  function add(
    channelId: string,
    channel: Omit<Channel, 'messages'>,
    operation: Pick<Operation, 'action' | 'summary'> & { readonly by: string },
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
    known.messages.push({ $ref: `#/channels/${channelId}/messages/${messageId}` })
  }

  function addTopic(
    topic: string | RegExp,
    operation: Pick<Operation, 'action' | 'summary'> & { readonly by: string },
    message: Message,
  ): void {
    const isPattern = topic instanceof RegExp
    const description = isPattern ? `Topics that ${String(topic)} fits.` : 'A topic of Kafka.'
    const channel = { address: isPattern ? null : topic, description, ...on('kafka', described) }
    add(`kafka.${idOf(String(topic))}`, channel, operation, message)
  }

  for (const { name, provider, events } of described.sources) {
    const hook = { address: `/hooks/${name}`, description: `Webhooks of ${provider}.` }
    for (const [type, route] of Object.entries(events)) {
      const take = {
        by: name,
        action: 'receive' as const,
        summary: `Takes webhooks of ${provider}.`,
      }
      add(`hooks.${name}`, { ...hook, ...on('hooks', described) }, take, hookMessage(type, route))
      if (!('topic' in route)) continue
      const pass = { by: name, action: 'send' as const, summary: 'Publishes webhooks unchanged.' }
      addTopic(route.topic, pass, recordMessage(type, route))
    }
  }
  for (const { name, topics, events } of described.consumers) {
    for (const [type, route] of Object.entries(events)) {
      const message = recordMessage(type, route)
      const read = {
        by: name,
        action: 'receive' as const,
        summary: `Read by the consumer ${name}.`,
      }
      for (const topic of topics) addTopic(topic, read, message)
      if (!('topic' in route)) continue
      const pass = { by: name, action: 'send' as const, summary: 'Publishes records unchanged.' }
      addTopic(route.topic, pass, message)
    }
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
  const { headers } = z.toJSONSchema(z.object({ headers: CE_HEADERS })).properties ?? {}
  return { ...hookMessage(type, route), headers: headers as JsonSchema }
}

const CE_HEADERS = z.looseObject({
  ce_id: z.string().describe('With `ce_source` the identity of the event.'),
  ce_source: z.string(),
  ce_type: z.string(),
  ce_specversion: z.literal('1.0'),
})

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
