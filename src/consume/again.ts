/** Handles dead letters of consumers that keep state: in a lane, on the state of now. */
import type { Consumer, FetchedRecord } from '../consumer.ts'
import { GatewayError } from '../faults/faults.ts'
import { attempt, fitting, keyOf, type AttemptPorts } from './attempt.ts'
import type { Closing } from './closing.ts'
import type { Committer } from './committer.ts'
import { decode } from './decode.ts'
import type { Keeping } from './keeping.ts'
import type { Lanes } from './lanes.ts'
import type { Partition } from './partition.ts'
import { identityOf } from './processed.ts'
import { toReplayed, type Replayed } from './replay.ts'
import { laneOf } from './work.ts'

/** A record that was given up. */
export interface Letter {
  readonly record: FetchedRecord
  readonly consumer: Consumer
  readonly partition: Partition
}

export interface AgainPorts extends AttemptPorts {
  readonly keeping: Keeping
  readonly lanes: Pick<Lanes, 'add'>
  readonly committer: Pick<Committer, 'flush'>
  readonly closing: Pick<Closing, 'afterEvent'>
}

/** Stores what came of it, all or nothing; undefined: nothing. */
export type StoreAgain<Stored> = (replayed: Replayed) => Promise<Stored | undefined>

/**
 * Handles the record once, as if it came now: behind all of its key that have come since. Its lane
 * is held until what came of it is stored, so that nothing is built on what may not be.
 *
 * @throws GatewayError CONSUMER_NOT_RUNNING where its partition is taken away before.
 */
export function handleAgain<Stored>(
  letter: Letter,
  ports: AgainPorts,
  store: StoreAgain<Stored>,
): Promise<Stored | undefined> {
  const { signal } = letter.partition
  const outcome = Promise.withResolvers<Stored | undefined>()
  const gone = () => outcome.reject(notRunning(letter.record))
  signal.addEventListener('abort', gone, { once: true })
  if (signal.aborted) gone()
  ports.lanes.add(
    () => laneOf({ ...letter, key: keyOf(letter.record) }),
    async () => {
      signal.removeEventListener('abort', gone)
      await handle(letter, ports, store).then(outcome.resolve, outcome.reject)
      return 'done' as const
    },
  )
  return outcome.promise
}

async function handle<Stored>(
  { record, consumer, partition }: Letter,
  ports: AgainPorts,
  store: StoreAgain<Stored>,
): Promise<Stored | undefined> {
  const { keeping, committer, closing, clock } = ports
  const { signal } = partition
  // What waits of its key must not be written over what this leads to.
  await committer.flush()
  if (signal.aborted) throw notRunning(record)
  const key = keyOf(record)
  const decoded = decode(record)
  const identity = identityOf(record, decoded, consumer)
  const given = { record, consumer, key, decoded, identity, attempt: 1, signal }
  const result = fitting(await attempt(given, ports), consumer, keeping)
  if (signal.aborted) throw notRunning(record)
  const changes = result.kind === 'ran' ? result.changes : []
  const kept = { owner: consumer.owner, at: clock.now(), changes }
  const stored = await store({ ...toReplayed(result), kept })
  if (stored === undefined) return undefined
  keeping.submitted(changes)
  keeping.settled(changes)
  await closing.afterEvent(partition, consumer)
  return stored
}

/** Why a dead letter cannot be handled on the state of this process. */
export function notRunning({ topic, partition }: FetchedRecord): GatewayError {
  return new GatewayError('CONSUMER_NOT_RUNNING', `it does not read ${topic}/${partition} here`)
}
