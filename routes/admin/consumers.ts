import { createRoute, z } from '@hono/zod-openapi'
import { basename } from 'node:path'
import { ConsumerRow, Consumers, SeekRequest, Sought } from '../../src/admin-api/consumers.ts'
import type { EpochMs } from '../../src/clock.ts'
import type { Consumer, Place } from '../../src/consumer.ts'
import {
  newTally,
  type ConsumerStatus,
  type Places,
  type SeekTarget,
} from '../../src/consumer-status.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { answering, openResource } from './resource.ts'

export interface ConsumersPorts {
  readonly consumers: () => ReadonlyMap<string, Consumer>
  /** Undefined where it is not run here. */
  readonly status: (name: string) => ConsumerStatus | undefined
  readonly pause: (name: string) => void
  readonly resume: (name: string) => void
  /** Resolves to the number of partitions in which it goes on elsewhere. */
  readonly seek: (name: string, places: Places, target: SeekTarget) => Promise<number>
  readonly adopt: (name: string) => Promise<void>
}

const params = z.object({ name: z.string() })

const list = createRoute({
  method: 'get',
  path: '/api/consumers',
  summary: 'What is consumed, how far, and what became of it.',
  responses: answering(Consumers, 'Every consumer.'),
})

const pause = createRoute({
  method: 'post',
  path: '/api/consumers/{name}/pause',
  summary: 'Begins no more records, until it is resumed or the process begins again.',
  request: { params },
  responses: answering(ConsumerRow, 'The consumer.', ['CONSUMER_UNKNOWN']),
})

const resume = createRoute({
  method: 'post',
  path: '/api/consumers/{name}/resume',
  summary: 'Goes on after a pause.',
  request: { params },
  responses: answering(ConsumerRow, 'The consumer.', ['CONSUMER_UNKNOWN']),
})

const seek = createRoute({
  method: 'post',
  path: '/api/consumers/{name}/seek',
  summary:
    'Goes on elsewhere in the partitions that this node reads. Records that were processed are ' +
    'passed over: republish them to have them handled again.',
  request: {
    params,
    body: { content: { 'application/json': { schema: SeekRequest } }, required: true },
  },
  responses: answering(Sought, 'It goes on there.', [
    'CONSUMER_UNKNOWN',
    'PARTITION_UNREAD',
    'OFFSET_UNKNOWN',
    'BROKER_UNAVAILABLE',
  ]),
})

const adopt = createRoute({
  method: 'post',
  path: '/api/consumers/{name}/adopt',
  summary:
    'After a restore: goes on with the state and the positions of this database, within seconds, ' +
    'whatever another has read.',
  request: { params },
  responses: answering(ConsumerRow, 'The consumer, as it is now.', [
    'CONSUMER_UNKNOWN',
    'CONSUMER_NOT_RUNNING',
    'GROUP_ALIVE',
    'BROKER_UNAVAILABLE',
  ]),
})

export function consumersRoutes(ports: ConsumersPorts) {
  const app = openResource()

  function find(name: string): Consumer {
    const consumer = ports.consumers().get(name)
    if (consumer === undefined) {
      throw new GatewayError('CONSUMER_UNKNOWN', `no handler file defines "${name}"`)
    }
    return consumer
  }

  app.openapi(list, (c) =>
    c.json({ consumers: [...ports.consumers().values()].map((each) => toRow(each, ports)) }, 200),
  )
  app.openapi(pause, (c) => {
    const consumer = find(c.req.valid('param').name)
    ports.pause(consumer.name)
    return c.json(toRow(consumer, ports), 200)
  })
  app.openapi(resume, (c) => {
    const consumer = find(c.req.valid('param').name)
    ports.resume(consumer.name)
    return c.json(toRow(consumer, ports), 200)
  })
  app.openapi(seek, async (c) => {
    const { name } = find(c.req.valid('param').name)
    const { to, topic, partition } = c.req.valid('json')
    const places = {
      ...(topic === undefined ? {} : { topic }),
      ...(partition === undefined ? {} : { partition }),
    }
    const partitions = await ports.seek(name, places, toTarget(to))
    if (partitions === 0) {
      const { reason } = ports.status(name) ?? NOT_RUN
      const why = reason === null ? '' : `: ${reason}`
      throw new GatewayError('PARTITION_UNREAD', `"${name}" reads no such partition now${why}`)
    }
    return c.json({ partitions }, 200)
  })
  app.openapi(adopt, async (c) => {
    const consumer = find(c.req.valid('param').name)
    await ports.adopt(consumer.name)
    return c.json(toRow(consumer, ports), 200)
  })
  return app
}

function toTarget(to: SeekRequest['to']): SeekTarget {
  if (typeof to === 'number' || to === 'earliest' || to === 'latest') return to
  return { at: Date.parse(to) }
}

function toRow(
  { name, file, topics, group, state: kept }: Consumer,
  ports: ConsumersPorts,
): ConsumerRow {
  const { state, reason, tally, partitions } = ports.status(name) ?? NOT_RUN
  const { fetchedAt, deadAt, lostAt, ...counts } = tally
  return {
    name,
    file: basename(file),
    topics: topics.map(String),
    group,
    keepsState: kept !== undefined,
    state,
    reason,
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    fetchedAt: isoOf(fetchedAt),
    deadAt: isoOf(deadAt),
    lostAt: isoOf(lostAt),
    ...counts,
    partitions: partitions.toSorted(byPlace),
  }
}

function isoOf(at: EpochMs | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function byPlace(a: Place, b: Place): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition
}

const NOT_RUN: ConsumerStatus = {
  state: 'stopped',
  reason: 'it does not run here: consumers need Kafka',
  tally: newTally(),
  partitions: [],
}
