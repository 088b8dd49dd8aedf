/** A kafkajs client, and the end of everything that it has opened. */
import type { Socket } from 'node:net'
import { Kafka, logLevel, type logCreator } from 'kafkajs'
import { messageOf } from '../faults/faults.ts'
import type { Log } from '../log.ts'
import { toKafkajsAddress } from './address.ts'
import type { Security } from './security.ts'

export interface ClientOptions {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly log: Log
  readonly security: Security
  /** How long an operation may take, connecting included, in ms. */
  readonly deadlineMs: number
  /** How many clients there were before. */
  readonly generation: number
}

export interface Client {
  readonly kafka: Kafka
  /** Ends every connection, at once and for good: nothing that kafkajs retries can get out. */
  cut(): void
}

export function openClient(options: ClientOptions): Client {
  const { brokers, clientId, log, security, deadlineMs, generation } = options
  const sockets = new Set<Socket>()
  let isCut = false

  function openSocket(to: { host: string; port: number; onConnect: () => void }): Socket {
    if (isCut) throw new Error('this client was given up')
    const socket = security.connect(to)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  // kafkajs starts with the first broker: a dead one must not be the first of every client.
  const start = generation % brokers.length
  const addresses = brokers.map(toKafkajsAddress)
  const kafka = new Kafka({
    clientId,
    brokers: [...addresses.slice(start), ...addresses.slice(0, start)],
    ...(security.sasl === undefined ? {} : { sasl: security.sasl }),
    connectionTimeout: deadlineMs / 4,
    authenticationTimeout: deadlineMs / 2,
    // Later than the broker's own timeout, so that its answer counts; earlier than ours.
    requestTimeout: (deadlineMs * 3) / 4,
    enforceRequestTimeout: true,
    retry: {
      retries: 2,
      initialRetryTime: 100,
      maxRetryTime: 1_000,
      factor: 0.2,
      multiplier: 2,
    },
    socketFactory: openSocket,
    logLevel: logLevel.WARN,
    logCreator: logTo(log),
  })
  return {
    kafka,
    cut() {
      isCut = true
      // With an error, because kafkajs does not listen to a close without one: it would keep the
      // request waiting.
      for (const socket of sockets) socket.destroy(new Error('this client was given up'))
    },
  }
}

/**
 * kafkajs reports every try as an error; we report the outcome once. Its fields may hold data, so
 * few pass.
 */
function logTo(log: Log): logCreator {
  return () => (entry) => {
    const { broker, error } = entry.log
    log.debug('kafka.client', {
      detail: messageOf(entry.log.message),
      severity: entry.label,
      part: entry.namespace,
      broker: typeof broker === 'string' ? broker : undefined,
      error: typeof error === 'string' ? error : undefined,
    })
  }
}
