import { describe, test } from 'bun:test'
import { openIdempotencyKeys } from '../../db/idempotency-keys.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openNodeSqlite } from '../../db/portable/node-sqlite.ts'
import { openRetention } from '../../db/retention.ts'
import { CORE_SKIPS, STORAGE_CASES } from '../conformance/storage-cases.ts'
import { openPortableRig } from '../conformance/storage-portable.ts'
import { RETENTION_MS, type StorageRig } from '../conformance/storage-setup.ts'
import { describeStorage } from '../conformance/storage.ts'
import { makeTempDir } from '../support/temp.ts'
import { openDbWorld } from './world.ts'

describeStorage({ runtime: 'Bun', skips: CORE_SKIPS }, openCoreRig)

describe("Deno's storage on Bun", () => {
  for (const { name, run } of STORAGE_CASES) {
    test(name, async () => {
      await using dir = await makeTempDir()
      await using rig = await openPortableRig((now) =>
        openNodeSqlite({ directory: dir.path, now, onFatal: unexpected }),
      )
      await run(rig)
    })
  }
})

function unexpected(error: Error): never {
  throw error
}

/** The core's own writer, on a file. */
async function openCoreRig(): Promise<StorageRig> {
  const world = await openDbWorld()
  return {
    commit: (event) => world.writer.commit(event),
    commitAll: (events, answer) => world.writer.commitAll(events, answer),
    findAnswer: (caller, key) =>
      Promise.resolve(openIdempotencyKeys(world.database).find(caller, key)),
    mark: (mark) => world.writer.mark(mark),
    pending({ limit: entriesMax, bytesMax }) {
      const outbox = openOutbox(world.database)
      const range = { after: outbox.progress(), upTo: Number.MAX_SAFE_INTEGER }
      return Promise.resolve(outbox.pending({ ...range, entriesMax, bytesMax }))
    },
    exceptions(status, topic) {
      const query = { status, topic, limit: 1000, bytesMax: Infinity }
      const found = openOutbox(world.database).exceptions(query)
      return Promise.resolve(found.map(({ exception }) => exception))
    },
    lag() {
      const { pending, retry, blocked, dead } = openOutbox(world.database).lag()
      return Promise.resolve({ pending, retry, blocked, dead })
    },
    retain() {
      const { database, dedup } = world
      const retention = openRetention(database, { retentionMs: RETENTION_MS, dedup })
      let slices = 1
      while (retention.retainOnce().more) slices += 1
      return Promise.resolve(slices)
    },
    sql: (text) => Promise.resolve(world.database.client.query<object, []>(text).all() as []),
    advance: (ms) => world.clock.advance(ms),
    restart: () => world.restart(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}
