import { ADMIN_FAULTS } from './admin.ts'
import { CONSUMER_FAULTS } from './consumers.ts'
import { EDGE_FAULTS } from './edge.ts'
import { HANDLER_FAULTS } from './handlers.ts'
import { KAFKA_FAULTS } from './kafka.ts'

/** The stage of an event's path that a fault belongs to. */
export type Stage =
  | 'start'
  | 'receive'
  | 'verify'
  | 'dedupe'
  | 'validate'
  | 'handle'
  | 'commit'
  | 'relay'
  | 'consume'
  | 'admin'

export interface Fault {
  readonly stage: Stage
  /** The HTTP status it answers, where it happens while somebody waits for one. */
  readonly status: number
  /** Whether the same request, sent again later, can succeed. */
  readonly retryable: boolean
  /** How long a sender should wait before it sends again, in seconds; default: RETRY_AFTER_S. */
  readonly retryAfterS?: number
  /** One sentence for the person who meets it: what is wrong. */
  readonly title: string
  /** What to do about it. */
  readonly hint: string
}

/** Every fault that Inlet names. docs/errors.md is generated from this table. */
export const FAULTS = {
  CONFIG_INVALID: {
    stage: 'start',
    status: 500,
    retryable: false,
    title: 'The configuration is invalid.',
    hint: 'Correct every variable that is listed; `inlet check` tries it without starting.',
  },
  HANDLER_INVALID: {
    stage: 'start',
    status: 500,
    retryable: false,
    title: 'A handler file could not be loaded.',
    hint: 'The message names file, line and reason; `inlet check` tries it without starting.',
  },
  STORAGE_UNUSABLE: {
    stage: 'start',
    status: 500,
    retryable: false,
    title: 'The database cannot be used.',
    hint: 'The message says why; no event was changed. `inlet doctor` looks at the file; docs/operations.md says how to restore one that is damaged.',
  },
  DATA_DIR_IN_USE: {
    stage: 'start',
    status: 500,
    retryable: false,
    title: 'Another process owns this data directory.',
    hint: 'Stop the other process, or set INLET_DATA_DIR to another directory.',
  },
  BACKUP_FAILED: {
    stage: 'start',
    status: 500,
    retryable: true,
    title: 'There is no backup.',
    hint: 'The message says why. The database is unchanged; a file that ends in .partial may go.',
  },
  LISTEN_FAILED: {
    stage: 'start',
    status: 500,
    retryable: false,
    title: 'The gateway cannot listen on this address.',
    hint: 'Stop the program that has it, or set PORT and INLET_HOST, or INLET_ADMIN_PORT and INLET_ADMIN_HOST.',
  },
  SOURCE_UNKNOWN: {
    stage: 'receive',
    status: 404,
    retryable: false,
    title: 'There is no such source.',
    hint: 'Check the path of the webhook URL against INLET_SOURCES.',
  },
  ROUTE_UNKNOWN: {
    stage: 'receive',
    status: 404,
    retryable: false,
    title: 'There is nothing at this path.',
    hint: 'Webhooks are taken at POST /hooks/<source>, events at POST /events.',
  },
  METHOD_NOT_ALLOWED: {
    stage: 'receive',
    status: 405,
    retryable: false,
    title: 'This path does not take this method.',
    hint: 'Send webhooks with POST.',
  },
  REQUEST_MALFORMED: {
    stage: 'receive',
    status: 400,
    retryable: false,
    title: 'The request is malformed.',
    hint: 'The detail says what is wrong.',
  },
  BODY_TOO_LARGE: {
    stage: 'receive',
    status: 413,
    retryable: false,
    title: 'The body is larger than this gateway takes.',
    hint: 'Raise INLET_BODY_BYTES_MAX if this source legitimately sends more.',
  },
  ENCODING_UNSUPPORTED: {
    stage: 'receive',
    status: 415,
    retryable: false,
    title: 'Compressed bodies are not taken.',
    hint: 'Send the body without Content-Encoding.',
  },
  BODY_TOO_SLOW: {
    stage: 'receive',
    status: 408,
    retryable: true,
    title: 'The body did not arrive in time.',
    hint: 'Look at the network between the sender and here, or raise INLET_BODY_MS_MAX.',
  },
  RATE_LIMITED: {
    stage: 'receive',
    status: 429,
    retryable: true,
    title: 'Too many requests.',
    hint: 'The detail says whose. Behind a proxy, name it in INLET_TRUSTED_PROXIES; then look at INLET_RATE_PER_ADDRESS and INLET_RATE_PER_SOURCE.',
  },
  CONNECTIONS_EXHAUSTED: {
    stage: 'receive',
    status: 503,
    retryable: true,
    title: 'Too many requests are open.',
    hint: 'Look at the latency of commits; raise INLET_CONNECTIONS_MAX if there is memory.',
  },
  DISK_LOW: {
    stage: 'receive',
    status: 503,
    retryable: true,
    retryAfterS: 60,
    title: 'The disk is nearly full.',
    hint: 'Free space in INLET_DATA_DIR, or raise INLET_DATABASE_BYTES_MAX where it is set.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    stage: 'receive',
    status: 415,
    retryable: false,
    title: 'The content type is not one that this path takes.',
    hint: 'Send a CloudEvent: binary with ce-* headers, application/cloudevents+json or application/cloudevents-batch+json.',
  },
  IDEMPOTENCY_KEY_MISSING: {
    stage: 'receive',
    status: 400,
    retryable: false,
    title: 'The request carries no Idempotency-Key.',
    hint: 'Send the header, or set INLET_EVENTS_IDEMPOTENCY_KEY=optional.',
  },
  TOKEN_REFUSED: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'The bearer token is missing or wrong.',
    hint: 'Compare the token of the caller with INLET_EVENTS_TOKEN_<CALLER>.',
  },
  NOT_PROVEN: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'The request does not prove who sent it.',
    hint: 'The log of the gateway says which step failed; senders are told no more than this.',
  },
  SIGNATURE_MISSING: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'The request carries no signature.',
    hint: 'Set the signing secret at the provider, and check that the source names the right provider.',
  },
  SIGNATURE_MISMATCH: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'The signature does not match.',
    hint: 'Compare the secret at the provider with INLET_SECRET_<SOURCE>; a proxy that rewrites bodies also breaks it.',
  },
  SIGNATURE_EXPIRED: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'The signed time is outside the allowed window.',
    hint: 'Check the clock of this machine, then the delay between the provider and here.',
  },
  HANDSHAKE_REFUSED: {
    stage: 'verify',
    status: 403,
    retryable: false,
    title: 'A probe of the endpoint does not show what is configured.',
    hint: 'Compare the value at the provider with INLET_CONFIG_<SOURCE>_<FIELD>; the detail names the probe.',
  },
  PAIRING_CLOSED: {
    stage: 'verify',
    status: 403,
    retryable: false,
    title: 'A provider offers a secret, and nobody waits for one.',
    hint: 'If it was you who registered the webhook: run `inlet source pair <source>`, then register it again.',
  },
  PAIRING_IMPOSSIBLE: {
    stage: 'verify',
    status: 409,
    retryable: false,
    title: 'This source cannot learn a secret.',
    hint: 'The detail says why. Remove INLET_SECRET_<SOURCE> if the provider is to hand it over.',
  },
  SECRET_NOT_LEARNT: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'The source has no secret yet.',
    hint: 'Run `inlet source pair <source>`, then register the webhook at the provider.',
  },
  OUTBOUND_REFUSED: {
    stage: 'verify',
    status: 401,
    retryable: false,
    title: 'A request names an address that Inlet does not call.',
    hint: 'The detail says which host and why. A genuine provider names its own.',
  },
  OUTBOUND_FAILED: {
    stage: 'verify',
    status: 503,
    retryable: true,
    title: 'A third party that had to be asked does not answer.',
    hint: 'The detail says who and why: look at DNS, the firewall, and the provider’s status page.',
  },
  CLAIMED_ELSEWHERE: {
    stage: 'dedupe',
    status: 503,
    retryable: true,
    title: 'Another node is storing this event right now.',
    hint: 'Nothing to do: the provider tries again.',
  },
  IDEMPOTENCY_KEY_IN_USE: {
    stage: 'dedupe',
    status: 409,
    retryable: true,
    title: 'A request with this Idempotency-Key is still running.',
    hint: 'Wait for its answer, then send the same request again.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    stage: 'dedupe',
    status: 422,
    retryable: false,
    title: 'This Idempotency-Key was used for another request.',
    hint: 'Make a new key for each request, and send it again only with the same content.',
  },
  EVENT_INVALID: {
    stage: 'validate',
    status: 422,
    retryable: false,
    title: 'An event is not one that can be taken; nothing of the request is stored.',
    hint: 'Correct what `issues` names: a CloudEvents attribute, or data that does not match the handler’s schema.',
  },
  BODY_NOT_JSON: {
    stage: 'validate',
    status: 422,
    retryable: false,
    title: 'The body is not valid JSON.',
    hint: 'The event is stored as invalid; its bytes can be seen with `inlet events show`.',
  },
  SCHEMA_MISMATCH: {
    stage: 'validate',
    status: 422,
    retryable: false,
    title: 'The data does not match the handler’s schema.',
    hint: 'Correct the schema in the handler file; the event is kept, with its bytes.',
  },
  ...HANDLER_FAULTS,
  LEASE_LOST: {
    stage: 'relay',
    status: 503,
    retryable: true,
    title: 'Another process has taken over publishing.',
    hint: 'Nothing: it publishes the same entries again, with the same ids.',
  },
  STORAGE_FULL: {
    stage: 'commit',
    status: 503,
    retryable: true,
    title: 'The disk is full.',
    hint: 'Free space in INLET_DATA_DIR.',
  },
  STORAGE_DAMAGED: {
    stage: 'commit',
    status: 500,
    retryable: false,
    title: 'Stored bytes of an event are damaged.',
    hint: 'They changed on the disk, and no other try helps: look at the disk, and find the bytes in a backup.',
  },
  STORAGE_FAILED: {
    stage: 'commit',
    status: 503,
    retryable: true,
    title: 'The event could not be stored.',
    hint: 'Look at the log of the gateway for the storage error.',
  },
  GATEWAY_BUG: {
    stage: 'receive',
    status: 503,
    retryable: true,
    title: 'Something in the gateway is broken.',
    hint: 'Report what the log says under `request.failed`, with its stack. The sender may try again.',
  },
  OVERLOADED: {
    stage: 'commit',
    status: 503,
    retryable: true,
    title: 'More comes in than can be answered in time, or than memory allows.',
    hint: '`door.refused` in the log says for what. Look at the CPU and at `inlet_sync_seconds`; INLET_INFLIGHT_BYTES_MAX bounds the bodies in memory.',
  },
  DRAINING: {
    stage: 'receive',
    status: 503,
    retryable: true,
    title: 'This gateway is shutting down.',
    hint: 'Nothing to do: the provider tries again.',
  },
  ...KAFKA_FAULTS,
  ...EDGE_FAULTS,
  ...ADMIN_FAULTS,
  ...CONSUMER_FAULTS,
} as const satisfies Record<string, Fault>

export type FaultCode = keyof typeof FAULTS

/** The one error that Inlet throws on purpose; anything else that is thrown is a bug. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'

  readonly code: FaultCode
  /** What exactly is wrong, here: never a secret, never a payload. */
  readonly detail: string

  constructor(code: FaultCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options)
    this.code = code
    this.detail = detail
  }

  get fault(): Fault {
    return FAULTS[this.code]
  }

  get retryable(): boolean {
    return this.fault.retryable
  }
}

/**
 * Throw it in a handler where a later try can succeed: the event is stored as `failed` and handled
 * again, up to 5 tries in all. Anything else that a handler throws is final until somebody acts.
 *
 * @example if (!prices.isLoaded) throw new RetryableError('the price list is not loaded yet')
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
}

/** Where something that was thrown came from, in one line. */
export function stackOf(error: unknown): string | undefined {
  const frames = error instanceof Error ? error.stack?.split('\n').slice(1, 4) : undefined
  return frames?.map((frame) => frame.trim()).join(' ')
}

/** The message of anything that was thrown, in one line. Never throws: anything can be thrown. */
export function messageOf(error: unknown): string {
  try {
    const text = String(error instanceof Error ? error.message : error)
    return text.replaceAll(/\s+/g, ' ').trim()
  } catch {
    return `something of type ${typeof error} that cannot be printed`
  }
}
