/** The wiring of an intake at the edge: configuration → storage → routes, and what hands on. */
import type { Batches } from '../../db/portable/batches.ts'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { openPortableStore } from '../../db/portable/store.ts'
import { systemClock } from '../clock.ts'
import type { Config, Environment } from '../settings/config.ts'
import { openConfiguredDoor } from '../wiring/configured-door.ts'
import {
  EDGE_BODY_BYTES_MAX,
  EDGE_RECORD_BYTES_MAX,
  EDGE_RECORDS_BYTES_MAX,
  PASS_AFTER_ANSWER_MS_MAX,
  PASS_ON_SCHEDULE_MS_MAX,
} from '../limits/edge.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { takeHandlers, type HandlerFile } from '../loading/handlers.ts'
import type { Hint } from '../idempotency/hint.ts'
import { noHint } from '../idempotency/none.ts'
import { openUpstashHint } from '../idempotency/upstash.ts'
import { openKafkaPublisher } from '../kafka/producer.ts'
import { openRestPublisher } from '../kafka/rest-proxy.ts'
import { openKeyStore } from '../keys/key-store.ts'
import { openLineLog, type Log } from '../log.ts'
import type { OutboundCall } from '../outbound-call.ts'
import { openFetchOut } from '../outbound/fetch-out.ts'
import { forwardPass } from '../relay/forward-pass.ts'
import { publishPass } from '../relay/pass.ts'
import { resolveServing } from '../wiring/serving.ts'
import { openForwarding } from './forwarding.ts'
import { openHandOn, type Pass } from './hand-on.ts'
import { intakeRoutes } from './portable.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export interface EdgePorts {
  readonly batches: Batches
  /** The handler files that were bundled. */
  readonly handlers: readonly HandlerFile[]
  /** Takes a line of the log. */
  readonly print: (line: string) => void
}

/** An intake that runs only while somebody calls it. */
export interface Edge {
  /** Answers once what came is stored; `peer` is the sender's address. */
  answer(request: Request, peer: string): Promise<Response>
  /** What is to be done after an answer, where there is anything. Never rejects. */
  afterAnswer(): Promise<void>
  /** Hands on what answers have left, and deletes what is past its time. Never rejects. */
  onSchedule(): Promise<void>
}

/** @throws GatewayError CONFIG_INVALID, HANDLER_INVALID with everything that is wrong. */
export async function openEdge(env: Environment, ports: EdgePorts): Promise<Edge> {
  const clock = systemClock
  const callOut = openFetchOut({ clock })
  const keys = openKeyStore({ clock, callOut })
  const handlers = takeHandlers(ports.handlers)
  const serving = await resolveServing(env, { handlers, findKeys: keys.find })
  const { config } = serving
  refuseOthers(config)
  const log = openLineLog(config.LOG_LEVEL, 'edge', ports.print)
  const store = openPortableStore(ports.batches, {
    clock,
    retentionMs: config.INLET_RETENTION_DAYS * DAY_MS,
    handsOn: config.INLET_SINK === 'forward' ? 'events' : 'entries',
  })
  const calls: { readonly source: string; readonly call: OutboundCall }[] = []
  // Who asks for something else, as for /healthz, writes nothing to D1.
  let hasTaken = false
  const intake: Pick<PortableStore, 'commit' | 'commitAll' | 'findAnswer'> = {
    findAnswer: (caller, key) => store.findAnswer(caller, key),
    commit: (event) => store.commit(event).finally(() => (hasTaken = true)),
    commitAll: (...events) => store.commitAll(...events).finally(() => (hasTaken = true)),
  }
  const routes = intakeRoutes(serving, {
    clock,
    log,
    store: intake,
    door: openConfiguredDoor(config, { clock, log, room: () => Infinity }),
    hint: await openHint(config, store, log),
    confirm: (source, call) => void calls.push({ source, call }),
    recordLimits: {
      recordBytesMax: EDGE_RECORD_BYTES_MAX,
      recordsBytesMax: EDGE_RECORDS_BYTES_MAX,
    },
  })
  routes.get('/healthz', (c) => c.json({ ok: true }))
  const handOn = openHandOn({ clock, log, pass: openPass(config, { store, log }) })

  /** Subscriptions are confirmed by a call; one that fails is asked for again by its provider. */
  async function confirm(): Promise<void> {
    for (let next = calls.shift(); next !== undefined; next = calls.shift()) {
      const { source, call } = next
      try {
        const { status } = await callOut(call)
        log.info('confirmation.finished', { source, status })
      } catch (error) {
        log.error('confirmation.failed', { source, reason: messageOf(error) })
      }
    }
  }

  return {
    answer: async (request, peer) => routes.fetch(request, { peer }),
    async afterAnswer() {
      const isDue = hasTaken
      hasTaken = false
      await Promise.all([confirm(), isDue && handOn('answer', PASS_AFTER_ANSWER_MS_MAX)])
    },
    async onSchedule() {
      await handOn('schedule', PASS_ON_SCHEDULE_MS_MAX)
      await retain(store, log)
      await tellLag(store, log)
    },
  }
}

/** What a Worker cannot do, or D1 not store. */
function refuseOthers(config: Config): void {
  const { INLET_SINK: sink, REDIS_URL, INLET_BODY_BYTES_MAX: bodyBytesMax } = config
  const problems = [
    ...(sink === 'file' ? ['INLET_SINK=file needs a disk: set forward, kafka or kafka-rest'] : []),
    ...(REDIS_URL === undefined ? [] : ['REDIS_URL: at the edge set UPSTASH_REDIS_REST_URL']),
    ...(bodyBytesMax > EDGE_BODY_BYTES_MAX
      ? [`INLET_BODY_BYTES_MAX must be at most ${EDGE_BODY_BYTES_MAX} at the edge`]
      : []),
  ]
  if (problems.length === 0) return
  throw new GatewayError('CONFIG_INVALID', problems.map((problem) => `  - ${problem}`).join('\n'))
}

async function openHint(config: Config, store: PortableStore, log: Log): Promise<Hint> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config
  if (url === undefined || token === undefined) return noHint
  return openUpstashHint(
    { url, token },
    {
      node: config.INLET_NODE,
      epoch: await store.epoch(),
      doneTtlMs: config.INLET_RETENTION_DAYS * DAY_MS,
      clock: systemClock,
      log,
    },
  )
}

interface PassPorts {
  readonly store: PortableStore
  readonly log: Log
}

function openPass(config: Config, { store, log }: PassPorts): Pass {
  const clock = systemClock
  if (config.INLET_SINK === 'forward') {
    const forward = openForwarding(config, { clock })
    return (options) => forwardPass({ inbox: store, forward, clock, log }, options)
  }
  const poisonPolicy = config.INLET_POISON_POLICY
  return async (options) => {
    // Sockets belong to the invocation that has opened them: none outlives its pass.
    const publisher = openPublisher(config, log)
    try {
      const ports = { outbox: store, publisher, clock, log }
      return await publishPass(ports, { ...options, poisonPolicy })
    } finally {
      await publisher.close()
    }
  }
}

function openPublisher(config: Config, log: Log) {
  const { KAFKA_REST_URL: url, KAFKA_REST_USERNAME: username } = config
  const { KAFKA_REST_PASSWORD: password } = config
  if (config.INLET_SINK === 'kafka-rest' && url !== undefined) {
    const hasLogin = username !== undefined && password !== undefined
    const login = hasLogin ? { username, password } : undefined
    const rest = openRestPublisher({ url, login, clock: systemClock })
    return { ...rest, close: () => Promise.resolve() }
  }
  return openKafkaPublisher({
    brokers: config.KAFKA_BROKERS,
    clientId: config.KAFKA_CLIENT_ID,
    compression: config.KAFKA_COMPRESSION,
    security: config.kafkaSecurity,
    clock: systemClock,
    log,
  })
}

/** What still waits: whoever reads the log has no other way to see it. */
async function tellLag(store: PortableStore, log: Log): Promise<void> {
  try {
    const { oldestReceivedAt, pending, ...others } = await store.lag()
    const waitedMs = systemClock.now() - (oldestReceivedAt ?? systemClock.now())
    const level = pending === 0 ? 'info' : 'warn'
    log[level]('edge.lag', { pending, oldestPendingMs: Math.max(0, waitedMs), ...others })
  } catch (error) {
    log.error('edge.lag', { reason: messageOf(error) })
  }
}

/** One slice after the other, until there is none or the next schedule is near. */
async function retain(store: PortableStore, log: Log): Promise<void> {
  const untilMs = systemClock.monotonicMs() + PASS_AFTER_ANSWER_MS_MAX
  try {
    let more = true
    while (more && systemClock.monotonicMs() < untilMs) more = (await store.retainOnce()).more
  } catch (error) {
    log.error('retention.failed', { reason: messageOf(error) })
  }
}
