/**
 * One record that is too large and one topic that does not exist, among 10,000 events: all others
 * arrive, in order, soon, and what cannot is kept with its reason. Once with each policy for the
 * key of the refused record. The control is the same relay with every refusal taken for an outage,
 * which it waits out: what stands behind it must be seen to stall.
 */
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { randomToken } from '../../src/ids.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { startEventSenders } from './event-senders.ts'
import { audit, countStoredTwice, type Audit, type SentEvent } from './ledger.ts'
import type { Row, TortureOptions } from './torture.ts'

const GOOD = { token: 'made-up-token-of-many' }
const STRAY = { token: 'made-up-token-of-one' }
const LOAD = { keys: 50, batch: 20, perSecond: 5_000 }
const EVENTS = 10_000
/** For the other policy, and for the control. */
const EVENTS_FEW = 2_000
/** Above what the topic takes, below a batch of the relay's: it is sent together with others. */
const OVERSIZE_BYTES = 400_000
const CONFIG = { 'max.message.bytes': '300000' }
/** What is in nobody's way is published as fast as it comes in. */
const SETTLE_MS_MAX = 20_000
const CONTROL_MS_MAX = 5_000
const POLL_MS = 50
const CONTROL = [process.execPath, join(import.meta.dir, 'control/no-parking.ts')]

const isOversize = ({ key, n }: SentEvent) => key === '7' && n === 15
/** With the second policy the rest of its key waits behind it. */
const isBehind = ({ key, n }: SentEvent) => key === '7' && n > 15

interface Trial extends Pick<TortureOptions, 'command'> {
  readonly brokers: string
  readonly policy: 'continue' | 'block-key'
  readonly events: number
  readonly settleMsMax: number
}

interface Outcome extends Audit {
  readonly left: Left
  readonly refusals: number
  readonly held: boolean
}

export async function poison({ command, brokers: open, cycles }: TortureOptions): Promise<Row> {
  const brokers = await open()
  const events = cycles ?? EVENTS
  const common = { command, brokers, events, settleMsMax: SETTLE_MS_MAX }
  const outcomes = [
    await poisonOnce({ ...common, policy: 'continue' }),
    await poisonOnce({ ...common, policy: 'block-key', events: EVENTS_FEW }),
  ]
  for (const each of outcomes) if (!each.held) console.error(`poison: ${JSON.stringify(each)}`)
  const control = await poisonOnce({
    brokers,
    command: CONTROL,
    policy: 'continue',
    events: EVENTS_FEW,
    settleMsMax: CONTROL_MS_MAX,
  })
  const sum = (count: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  return {
    cases: outcomes.length,
    acked: sum(({ acked }) => acked),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    inversions: sum(({ inversions }) => inversions),
    held: outcomes.every(({ held }) => held),
    controlCaught: control.lost > 0,
    figures: { 'stalled without parking': control.lost },
  }
}

async function poisonOnce(trial: Trial): Promise<Outcome> {
  const { brokers, command, policy } = trial
  const topic = await createTopic({ brokers, prefix: 'torture-poison', config: CONFIG })
  await using directory = await makeTempDir()
  await using gateway = await startGateway({
    command,
    cwd: directory.path,
    env: {
      KAFKA_BROKERS: brokers,
      INLET_POISON_POLICY: policy,
      INLET_EVENTS_TOKEN_GOOD: GOOD.token,
      INLET_TOPIC_GOOD: topic,
      INLET_EVENTS_TOKEN_STRAY: STRAY.token,
      INLET_TOPIC_STRAY: `torture-missing-${randomToken()}`,
      INLET_LOG_DELIVERIES: 'false',
    },
  })
  const url = () => gateway.url
  const stray = startEventSenders({ url, callers: [STRAY], keys: 1, batch: 1, perSecond: 1 })
  await stray.reached(1)
  await stray.stop()
  const padBytes = (event: SentEvent) => (isOversize(event) ? OVERSIZE_BYTES : 0)
  const senders = startEventSenders({ url, callers: [GOOD], ...LOAD, padBytes })
  await senders.reached(trial.events)
  await senders.stop()
  const { acked } = senders.ledger
  const isRefused = (event: SentEvent) =>
    isOversize(event) || (policy === 'block-key' && isBehind(event))
  const delivered = acked.filter((event) => !isRefused(event))
  const left = await settled(gateway, trial.settleMsMax)
  const records = await readTopic(brokers, topic)
  await deleteTopics(brokers, [topic])
  const audited = { ...audit({ acked: delivered }, records), acked: acked.length }
  const refusals = gateway.log.filter(({ message }) => message === 'relay.set_aside').length
  const held =
    acked.some(isOversize) &&
    audited.lost === 0 &&
    audited.inversions === 0 &&
    countStoredTwice(records) === 0 &&
    audited.duplicates <= refusals * RELAY_BATCH_ENTRIES_MAX &&
    left.pending === 0 &&
    left.dead === 0 &&
    // Each of those that cannot be published is kept, and nothing else is.
    left.blocked === acked.length - delivered.length &&
    left.retry === stray.ledger.acked.length
  return { ...audited, left, refusals, held }
}

interface Left {
  readonly pending: number
  readonly retry: number
  readonly blocked: number
  readonly dead: number
}

/** What is not published once nothing is tried for the first time any more, or after `msMax`. */
async function settled({ adminUrl }: GatewayProcess, msMax: number): Promise<Left> {
  const deadlineMs = systemClock.monotonicMs() + msMax
  for (;;) {
    const { relay } = (await (await fetch(`${adminUrl}/readyz`)).json()) as { relay: Left }
    if (relay.pending === 0 || systemClock.monotonicMs() > deadlineMs) return relay
    await systemClock.sleep(POLL_MS)
  }
}
