/**
 * The relay where storage is shared and asked by message: it publishes what it has a lease on. The
 * order of things, the guards and the classes of errors are those of `relay.ts`.
 */
import type { Clock } from '../clock.ts'
import { RELAY_LEASE_MS } from '../limits/edge.ts'
import type { GatewayError } from '../faults/faults.ts'
import { PUBLISH_MS_MAX, RELAY_BATCH_BYTES_MAX, RELAY_BATCH_ENTRIES_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { EntryException, OutboxEntry, RelayMark } from '../outbox.ts'
import { cut, DRAIN_BATCHES_PER_TURN } from './batch.ts'
import { exceptionsOf, exceptionsOfRetry, holdBack, logSetAside, msUntilDue } from './park.ts'
import type { PoisonPolicy, Publisher, SetAside } from './ports.ts'
import { keyName, publishEntries, type PublishContext } from './publish.ts'
import { storeMark } from './store-mark.ts'

/** What is next, for the holder of the lease. */
export interface ClaimedEntries {
  /** The high-water mark: every entry up to here is published, or has an exception. */
  readonly position: number
  readonly entries: readonly OutboxEntry[]
  /** Of each topic that has entries with status `retry` the earliest of them. */
  readonly heads: readonly EntryException[]
}

export interface LeasedOutbox {
  /** Takes or renews the lease; undefined while somebody else has it. */
  claimEntries(claim: {
    readonly holder: string
    readonly leaseMs: number
    readonly limit: number
    readonly bytesMax: number
  }): Promise<ClaimedEntries | undefined>
  /** Keys that have entries with status `blocked`. */
  blockedKeys(): Promise<readonly { readonly topic: string; readonly key: string }[]>
  /** Entries of a topic with this status in seq order. */
  exceptions(query: {
    readonly status: 'retry'
    readonly topic: string
    readonly limit: number
    readonly bytesMax: number
  }): Promise<readonly SetAside[]>
  /** @throws GatewayError LEASE_LOST; as a commit. */
  mark(holder: string, mark: RelayMark): Promise<void>
}

export interface LeasedRelayPorts {
  readonly outbox: LeasedOutbox
  readonly publisher: Publisher
  readonly clock: Clock
  readonly log: Log
  /** Who has the lease: the same name again goes on at once, another one waits until it ends. */
  readonly holder: string
  readonly poisonPolicy: PoisonPolicy
  /** Told after every send that says how the cluster is: null where it answered. */
  onAnswer(fault: GatewayError | null): void
}

/**
 * What came of a turn: something was published or set aside; nothing was there that is due; Kafka
 * or the storage did not answer while the turn lasted; somebody else has the lease.
 */
export interface RelayTurn {
  readonly kind: 'moved' | 'idle' | 'over' | 'held'
  /** Topics that entries wait for. */
  readonly retryTopics: readonly string[]
  /** When the next of them is tried again; Infinity where there is none. */
  readonly dueMs: number
}

/**
 * How long a turn may wait for Kafka, in ms. A send that has begun is finished and marked, and all
 * of that ends before the lease does.
 */
const TURN_MS_MAX = RELAY_LEASE_MS - 2 * PUBLISH_MS_MAX

const BATCH = { limit: RELAY_BATCH_ENTRIES_MAX, bytesMax: RELAY_BATCH_BYTES_MAX } as const

/** Whose turn it is. */
interface Order {
  /** How many batches of topics that are due may still come before one of the straight path. */
  drainsLeft: number
}

/**
 * Turn by turn, one batch each: claims what is next, publishes it and marks it. A crash, or a lease
 * that is lost, repeats at most this batch. The first turn is the straight path's: passes that have
 * time for a few turns only must not all be taken by a topic that is back.
 *
 * @throws GatewayError LEASE_LOST, or as the storage does.
 */
export function openRelayTurns(
  ports: LeasedRelayPorts,
): (signal: AbortSignal) => Promise<RelayTurn> {
  const order: Order = { drainsLeft: 0 }
  return (signal) => takeTurn(ports, order, signal)
}

async function takeTurn(
  ports: LeasedRelayPorts,
  order: Order,
  signal: AbortSignal,
): Promise<RelayTurn> {
  const { outbox, clock, holder } = ports
  const over = new AbortController()
  const patience = new AbortController()
  const end = () => over.abort()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  const timeUp = clock.sleep(TURN_MS_MAX, patience.signal).then(end)
  try {
    const claimed = await outbox.claimEntries({ holder, leaseMs: RELAY_LEASE_MS, ...BATCH })
    if (claimed === undefined) return { kind: 'held', retryTopics: [], dueMs: Infinity }
    const kind = await relay(claimed, ports, order, over.signal)
    const waits = claimed.heads.map((head) => msUntilDue(head, clock.now()))
    const retryTopics = claimed.heads.map(({ topic }) => topic)
    return { kind, retryTopics, dueMs: Math.min(...waits) }
  } finally {
    signal.removeEventListener('abort', end)
    patience.abort()
    await timeUp
  }
}

async function relay(
  { position, entries, heads }: ClaimedEntries,
  ports: LeasedRelayPorts,
  order: Order,
  signal: AbortSignal,
): Promise<RelayTurn['kind']> {
  const { poisonPolicy, clock, outbox } = ports
  const keys = poisonPolicy === 'block-key' ? await outbox.blockedKeys() : []
  const blockedKeys = new Set(keys.map(keyName))
  const context: PublishContext = { ...ports, blockedKeys, signal }
  const batch = cut(entries, RELAY_BATCH_BYTES_MAX)
  const last = batch.at(-1)
  const due = heads.filter((head) => msUntilDue(head, clock.now()) === 0)
  // The longest wait first: what is drained has a later head then, and another topic is next.
  const [head] = due.toSorted((a, b) => a.seq - b.seq)
  if (head !== undefined && (order.drainsLeft > 0 || last === undefined)) {
    order.drainsLeft -= 1
    // Whether its topic is back decides what is held back: what is next is claimed anew.
    return drainTopic({ topic: head.topic, position }, ports, context)
  }
  if (last === undefined) return 'idle'
  order.drainsLeft = DRAIN_BATCHES_PER_TURN
  const breakers = new Map(heads.map((head) => [head.topic, head]))
  const { sendable, held } = holdBack(batch, breakers, blockedKeys)
  const outcome = await publishEntries(sendable, context)
  if (outcome === undefined) return 'over'
  const at = clock.now()
  const isMarked = await markDurably(ports, signal, {
    from: position,
    to: last.seq,
    exceptions: [...held, ...exceptionsOf(outcome, at)],
    settled: [],
    published: outcome.published,
    at,
  })
  return isMarked ? 'moved' : 'over'
}

/** One batch of a topic that is due again. */
async function drainTopic(
  { topic, position }: { readonly topic: string; readonly position: number },
  ports: LeasedRelayPorts,
  context: PublishContext,
): Promise<RelayTurn['kind']> {
  const waiting = await ports.outbox.exceptions({ status: 'retry', topic, ...BATCH })
  const entries = cut(
    waiting.map(({ entry }) => entry),
    RELAY_BATCH_BYTES_MAX,
  )
  const outcome = await publishEntries(entries, context)
  if (outcome === undefined) return 'over'
  const at = ports.clock.now()
  const isMarked = await markDurably(ports, context.signal, {
    from: position,
    to: position,
    exceptions: exceptionsOfRetry(outcome, waiting, at),
    settled: outcome.settled,
    published: outcome.published,
    at,
  })
  return isMarked ? 'moved' : 'over'
}

/** Nothing is sent before it is stored. False where `signal` aborts first. */
async function markDurably(
  { outbox, holder, clock, log }: LeasedRelayPorts,
  signal: AbortSignal,
  mark: RelayMark,
): Promise<boolean> {
  const isStored = await storeMark(() => outbox.mark(holder, mark), { clock, log }, signal)
  if (isStored) logSetAside(log, mark)
  return isStored
}
