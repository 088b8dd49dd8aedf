import { BrokenInvariant } from '../assert.ts'
import { GatewayError, messageOf, type FaultCode } from '../faults/faults.ts'

/**
 * What Kafka's error names mean for the relay. Every other error, also one that we have never seen,
 * is the cluster's: it is waited out and nothing is given up. That includes a producer that lost
 * its state (OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID, INVALID_PRODUCER_EPOCH and so on):
 * the next send has a new producer anyway. A bug is waited out as well, but is not called Kafka's.
 *
 * CORRUPT_MESSAGE is the cluster's too: with a key on every record it is a transmission error.
 */
const CLASSES: Readonly<Record<string, FaultCode>> = {
  MESSAGE_TOO_LARGE: 'RECORD_REJECTED',
  RECORD_LIST_TOO_LARGE: 'RECORD_REJECTED',
  INVALID_RECORD: 'RECORD_REJECTED',

  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_REJECTED',
  INVALID_TOPIC_EXCEPTION: 'TOPIC_REJECTED',
  TOPIC_AUTHORIZATION_FAILED: 'TOPIC_REJECTED',
  POLICY_VIOLATION: 'TOPIC_REJECTED',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'TOPIC_REJECTED',
  // All records of a send have the time of the send: a topic that refuses it refuses every record.
  INVALID_TIMESTAMP: 'TOPIC_REJECTED',

  // To InitProducerId, which wants Write on any topic; so nothing can be published.
  CLUSTER_AUTHORIZATION_FAILED: 'PUBLISHING_DENIED',
}

/** kafkajs wraps an error at most three deep; a cycle must not hang us. */
const CAUSES_MAX = 8

/** The fault that an error of kafkajs is, whatever it is wrapped in. */
export function toFault(error: unknown): GatewayError {
  let inner: unknown = error
  for (let depth = 0; depth < CAUSES_MAX; depth += 1) {
    if (inner instanceof GatewayError) return inner
    const code = CLASSES[typeOf(inner)]
    if (code !== undefined) return new GatewayError(code, messageOf(inner), { cause: error })
    if (!(inner instanceof Error) || inner.cause === undefined) break
    inner = inner.cause
  }
  const code = isBug(inner) ? 'CLIENT_FAILED' : 'BROKER_UNAVAILABLE'
  return new GatewayError(code, messageOf(inner), { cause: error })
}

const BUGS = [BrokenInvariant, TypeError, ReferenceError, RangeError, SyntaxError]

/** The program is wrong, ours or kafkajs. What a runtime says of the network has a code. */
function isBug(error: unknown): boolean {
  return error instanceof Error && !('code' in error) && BUGS.some((kind) => error instanceof kind)
}

/** Kafka's name of the error, which kafkajs calls its type. */
function typeOf(error: unknown): string {
  const has = error instanceof Error && 'type' in error && typeof error.type === 'string'
  return has ? String(error.type) : ''
}
