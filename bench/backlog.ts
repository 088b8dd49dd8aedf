import { openDedup } from '../db/dedup.ts'
import { DATABASE_FILE, openDatabase, openReader } from '../db/open.ts'
import { openOutbox } from '../db/outbox.ts'
import { openWriter } from '../db/writer.ts'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import type { VerifiedBody } from '../src/delivery.ts'
import { messageOf } from '../src/faults/faults.ts'
import { RELAY_BATCH_BYTES_MAX, RELAY_BATCH_ENTRIES_MAX } from '../src/limits/limits.ts'
import { toPublishRecord } from '../src/outbox.ts'
import type { RecordsFile } from './records-file.ts'
import type { Shape } from './shapes.ts'
import { bodyOf } from './slots.ts'

/** Events whose commits are waited for together. */
const GROUP = 256
const RETENTION_MS = 7 * 24 * 60 * 60 * 1000
/** Customers, accounts, repositories: what keeps an order. */
const KEYS = 1_000

export interface BacklogOptions {
  readonly dataDir: string
  readonly topic: string
  readonly count: number
  readonly shape: Shape
}

/** Stores events as the gateway would, all of them still to be published. */
export async function fillBacklog(options: BacklogOptions): Promise<void> {
  const { shape, topic, count } = options
  const path = join(options.dataDir, DATABASE_FILE)
  using database = openDatabase({ path, clock: systemClock })
  const dedup = openDedup(database, { retentionMs: RETENTION_MS })
  let failure: unknown
  const onFatal = (error: unknown) => void (failure = error)
  const writer = openWriter({ database, dedup, onFatal })
  for (let stored = 0; stored < count; stored += GROUP) {
    const group = Array.from({ length: Math.min(GROUP, count - stored) }, (_, n) => {
      const token = shape.token()
      const key = `key-${(stored + n) % KEYS}`
      return writer.commit({
        source: shape.source,
        eventId: `evt_${token}`,
        eventIdValidMs: undefined,
        type: 'bench',
        key,
        contentType: 'application/json',
        headers: null,
        receivedAt: systemClock.now(),
        state: 'accepted',
        reason: null,
        // Nobody verifies here: what is measured begins behind the commit.
        body: bodyOf(shape.body, token) as Uint8Array as VerifiedBody,
        records: [{ topic, key, headers: null, value: null }],
      })
    })
    await Promise.all(group)
  }
  await writer.close()
  if (failure !== undefined) throw new Error(messageOf(failure))
}

/** The records that the relay will make of a backlog, in the batches that it will make. */
export function recordsOf(dataDir: string): RecordsFile {
  using reader = openReader(join(dataDir, DATABASE_FILE))
  const outbox = openOutbox(reader)
  const batches: RecordsFile['batches'] = []
  for (let after = 0; ;) {
    const entries = outbox.pending({
      after,
      upTo: Number.MAX_SAFE_INTEGER,
      entriesMax: RELAY_BATCH_ENTRIES_MAX,
      bytesMax: RELAY_BATCH_BYTES_MAX,
    })
    const last = entries.at(-1)
    if (last === undefined) return { batches }
    batches.push(
      entries.map(toPublishRecord).map(({ key, headers, value }) => ({
        key,
        headers: { ...headers },
        value: new TextDecoder().decode(value),
      })),
    )
    after = last.seq
  }
}
