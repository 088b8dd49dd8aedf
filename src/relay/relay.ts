import { assert } from '../assert.ts'
import type { GatewayError } from '../faults/faults.ts'
import { failpoint } from '../failpoint.ts'
import { RELAY_BATCH_BYTES_MAX, RELAY_BATCH_ENTRIES_MAX } from '../limits/limits.ts'
import { RELAY_LONG_PAUSE_MS, RELAY_PAUSE_MS_MAX } from '../limits/waiting.ts'
import type { EntryException, OutboxEntry, RelayMark } from '../outbox.ts'
import { cut, DRAIN_BATCHES_PER_TURN } from './batch.ts'
import { openBlockedKeys, type BlockedKeys } from './blocked-keys.ts'
import { knock, pollMs } from './knock.ts'
import {
  exceptionsOf,
  exceptionsOfRetry,
  holdBack,
  logSetAside,
  msUntilDue,
  openBreakers,
} from './park.ts'
import type { PoisonPolicy, RelayPorts, RelayStatus } from './ports.ts'
import { publishEntries, type PublishContext } from './publish.ts'
import { storeMark } from './store-mark.ts'

/**
 * After a batch, a relay that is behind sleeps for so many times as long as the deliveries in line
 * will take.
 */
const LEAVE_PER_LINE = 16

export interface RelayOptions {
  readonly poisonPolicy: PoisonPolicy
  /** Default: RELAY_BATCH_ENTRIES_MAX. */
  readonly batchEntriesMax?: number
  /** Default: RELAY_BATCH_BYTES_MAX. */
  readonly batchBytesMax?: number
}

interface Relay extends RelayPorts {
  readonly poisonPolicy: PoisonPolicy
  readonly batchEntriesMax: number
  readonly batchBytesMax: number
  readonly signal: AbortSignal
  position: number
  /** Read while the batch before it was sent: the full batch that comes after this position. */
  ahead: { readonly after: number; readonly entries: readonly OutboxEntry[] } | undefined
  /** Read once after each mark, and again after a pause. */
  breakers: ReadonlyMap<string, EntryException> | undefined
  readonly blockedKeys: BlockedKeys
  state: RelayStatus['state']
  fault: RelayStatus['fault']
  /** How often in a row it has knocked without an answer. */
  knocks: number
  sends: number
  failedSends: number
}

/**
 * Publishes the outbox until `signal` aborts: read what is synced above the high-water mark, send
 * it, mark it durable, and only then read on, so that a crash repeats at most one batch. There is
 * no linger timer: the next batch is what arrived while the last one was sent. A send that has
 * begun is finished and marked, because cutting it off would only make its outcome unknown; waiting
 * for a cluster that is down is cut off.
 *
 * Throws only what is a bug: start it again, it finds everything in the database.
 */
export async function runRelay(
  ports: RelayPorts,
  options: RelayOptions,
  signal: AbortSignal,
): Promise<void> {
  const relay: Relay = {
    batchEntriesMax: RELAY_BATCH_ENTRIES_MAX,
    batchBytesMax: RELAY_BATCH_BYTES_MAX,
    ...ports,
    ...options,
    signal,
    position: ports.outbox.progress(),
    ahead: undefined,
    breakers: undefined,
    blockedKeys: openBlockedKeys(ports, options.poisonPolicy),
    state: 'starting',
    fault: null,
    knocks: 0,
    sends: 0,
    failedSends: 0,
  }
  report(relay)
  while (!signal.aborted) {
    const upTo = relay.synced.current()
    const drained = await drainDueTopics(relay)
    const relayed = await relayNext(relay, upTo)
    if (drained || relayed || signal.aborted) continue
    if (relay.state !== 'up') {
      relay.knocks += 1
      heard(relay, await knock(relay))
    }
    await relay.synced.next({ after: upTo, ms: pauseMs(relay), signal })
    relay.breakers = undefined
  }
}

/** The straight path: one batch. False where there was none, or the relay stops. */
async function relayNext(relay: Relay, upTo: number): Promise<boolean> {
  const { position } = relay
  failpoint('relay.reading')
  const entries =
    relay.ahead?.after === position ? relay.ahead.entries : read(relay, position, upTo)
  relay.ahead = undefined
  const last = entries.at(-1)
  if (last === undefined) return false
  assert(last.seq > position && last.seq <= upTo, 'a batch lies above the mark and is synced')

  failpoint('relay.read')
  const isBehind = upTo - last.seq >= relay.batchEntriesMax
  const blockedKeys = relay.blockedKeys.current()
  const { sendable, held } = holdBack(entries, breakersOf(relay), blockedKeys)
  const [outcome] = await Promise.all([
    publishEntries(sendable, contextOf(relay, blockedKeys)),
    readAhead(relay, last.seq),
  ])
  if (outcome === undefined) return false
  failpoint('relay.acked')
  const at = relay.clock.now()
  const marked = await markDurably(relay, {
    from: position,
    to: last.seq,
    exceptions: [...held, ...exceptionsOf(outcome, at)],
    settled: [],
    published: outcome.published,
    at,
  })
  await leaveCore(relay, isBehind)
  return marked
}

/**
 * Events that are late already can be later. Those that just came cannot, unless deliveries are
 * refused: these may be lost.
 */
async function leaveCore({ clock, synced, signal }: Relay, isLate: boolean): Promise<void> {
  const { lineMs, isRefusing } = synced.intake()
  const shortMs = isLate ? Math.min(LEAVE_PER_LINE * lineMs, RELAY_PAUSE_MS_MAX) : 0
  const ms = isRefusing ? RELAY_LONG_PAUSE_MS : shortMs
  if (ms > 0) await clock.sleep(ms, signal)
}

function read(relay: Relay, after: number, upTo: number): readonly OutboxEntry[] {
  const { outbox, batchEntriesMax: entriesMax, batchBytesMax: bytesMax } = relay
  return cut(outbox.pending({ after, upTo, entriesMax, bytesMax }), bytesMax)
}

/**
 * Reads the next batch while Kafka works on this one, where there is a full one already: else it
 * is better read later, when it has grown. Entries are append only, so what is read does not age.
 */
async function readAhead(relay: Relay, after: number): Promise<void> {
  const upTo = relay.synced.current()
  if (upTo - after < relay.batchEntriesMax) return
  // In the next turn of the event loop: kafkajs has written its request by then.
  await relay.clock.sleep(0)
  relay.ahead = { after, entries: read(relay, after, upTo) }
}

async function drainDueTopics(relay: Relay): Promise<boolean> {
  let drained = false
  for (const [topic, head] of breakersOf(relay)) {
    if (msUntilDue(head, relay.clock.now()) > 0) continue
    for (let batch = 0; batch < DRAIN_BATCHES_PER_TURN && !relay.signal.aborted; batch += 1) {
      if (!(await drainNext(relay, topic))) break
      drained = true
      // Whatever waited for its topic is late.
      await leaveCore(relay, true)
    }
  }
  return drained
}

/**
 * One batch of a topic's entries with status `retry`, in seq order. False where none is left, or
 * the topic is still refused.
 */
async function drainNext(relay: Relay, topic: string): Promise<boolean> {
  const limit = relay.batchEntriesMax
  const query = { status: 'retry', topic, limit, bytesMax: relay.batchBytesMax } as const
  const waiting = relay.outbox.exceptions(query)
  const entries = cut(
    waiting.map(({ entry }) => entry),
    relay.batchBytesMax,
  )
  if (entries.length === 0) return false

  const outcome = await publishEntries(entries, contextOf(relay, relay.blockedKeys.current()))
  if (outcome === undefined) return false
  const at = relay.clock.now()
  const marked = await markDurably(relay, {
    from: relay.position,
    to: relay.position,
    exceptions: exceptionsOfRetry(outcome, waiting, at),
    settled: outcome.settled,
    published: outcome.published,
    at,
  })
  return marked && outcome.turnedAway.length === 0
}

/** Nothing is sent before it is stored. False where the relay stops first. */
async function markDurably(relay: Relay, mark: RelayMark): Promise<boolean> {
  assert(mark.from === relay.position && mark.to >= mark.from, 'the high-water mark only rises')
  if (!(await storeMark(() => relay.mark(mark), relay, relay.signal))) return false
  failpoint('relay.marked')
  relay.position = mark.to
  relay.breakers = undefined
  relay.blockedKeys.add(mark.exceptions)
  logSetAside(relay.log, mark)
  report(relay)
  return true
}

function breakersOf(relay: Relay): ReadonlyMap<string, EntryException> {
  relay.breakers ??= openBreakers(relay.outbox)
  return relay.breakers
}

function pauseMs(relay: Relay): number {
  const now = relay.clock.now()
  const waits = [...breakersOf(relay).values()].map((head) => msUntilDue(head, now))
  return Math.min(pollMs(relay.knocks), ...waits)
}

function contextOf(relay: Relay, blockedKeys: ReadonlySet<string>): PublishContext {
  const { publisher, clock, log, poisonPolicy, signal } = relay
  return {
    publisher,
    clock,
    log,
    poisonPolicy,
    blockedKeys,
    signal,
    onAnswer: (fault) => answered(relay, fault),
  }
}

/** How the cluster is, after a send: null where it answered. */
function answered(relay: Relay, fault: GatewayError | null): void {
  relay.sends += 1
  if (fault !== null) relay.failedSends += 1
  heard(relay, fault)
}

/** How the cluster is: null where it answered. */
function heard(relay: Relay, fault: GatewayError | null): void {
  const state = fault === null ? 'up' : 'down'
  if (fault === null) relay.knocks = 0
  if (fault === null && state === relay.state) return
  relay.state = state
  if (fault !== null) relay.fault = { code: fault.code, detail: fault.detail }
  report(relay)
}

function report(relay: Relay): void {
  const { state, position, fault, sends, failedSends } = relay
  relay.report({ state, position, synced: relay.synced.current(), fault, sends, failedSends })
}
