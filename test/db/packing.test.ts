import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { backUp } from '../../db/backup.ts'
import { openBodies } from '../../db/bodies.ts'
import { MIGRATIONS } from '../../db/migrate.ts'
import { DATABASE_FILE, openDatabase, openReader, type Reader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { pack, unpack } from '../../db/packing.ts'
import { PACK_BYTES_MIN } from '../../src/limits/limits.ts'
import { join } from 'node:path'
import { manualClock } from '../support/manual-clock.ts'
import { storedBodies } from '../support/stored-bodies.ts'
import { bytes, noise, sampleEvent } from '../support/stored.ts'
import { makeTempDir } from '../support/temp.ts'
import { openDbWorld, paddedBody, type DbWorld } from './world.ts'

const SEQ_1 = { chunkSeq: 1, bodyOffset: 0 }
const ALL = { after: 0, upTo: 1_000, entriesMax: 1_000, bytesMax: 100_000_000 }

function chunkRow({ client }: Reader, seq: number) {
  return client
    .query<{ bytes: number; rawBytes: number | null }, [number]>(
      'SELECT length(bodies) AS bytes, raw_bytes AS rawBytes FROM chunks WHERE seq = ?',
    )
    .get(seq)
}

/** Twelve events in one commit. */
async function commitDozen(world: DbWorld, name: string): Promise<readonly string[]> {
  const ids = Array.from({ length: 12 }, (_, at) => `${name}-${at}`)
  const first = world.writer.commit(sampleEvent(`${name}-alone`))
  const rest = ids.map((id) =>
    world.writer.commit(sampleEvent(id, { body: bytes(paddedBody(id)) })),
  )
  await Promise.all([first, ...rest])
  return ids
}

const anyBody = fc.oneof(
  fc.constant(bytes('')),
  fc.uint8Array({ maxLength: 2 }),
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 900 }))
    .map(([text, times]) => bytes(text.repeat(times))),
  fc.integer({ min: 0, max: 60_000 }).map((length) => noise(length, length)),
  fc.constant(noise(1_200_000)),
  fc.constant(new Uint8Array(1_200_000)),
)

test('whatever bodies a commit has, each is read byte for byte', async () => {
  await using world = await openDbWorld()
  let events = 0
  const isRead = fc.asyncProperty(
    fc.array(anyBody, { minLength: 1, maxLength: 8 }),
    async (all) => {
      const commits = all.map((body) =>
        world.writer.commit(sampleEvent(`e${(events += 1)}`, { body: bytes(body), records: [] })),
      )
      await Promise.all(commits)
      const stored = storedBodies(world.database).slice(-all.length)
      expect(
        stored.every(({ body }, at) => Buffer.from(body ?? '!').equals(all[at] ?? bytes('?'))),
      ).toBe(true)
    },
  )
  await fc.assert(isRead, { numRuns: 40 })
  const [packed] = world.database.client.query('SELECT count(raw_bytes) FROM chunks').values()
  expect(Number(packed?.[0])).toBeGreaterThan(0)
}, 20_000)

test('a slice at any place of a packed chunk is what stood there', () => {
  const isSlice = fc.property(anyBody, fc.nat(), fc.nat(), (body, from, length) => {
    const start = from % (body.byteLength + 1)
    const end = Math.min(body.byteLength, start + length)
    const read = unpack(pack(body), 'it').subarray(start, end)
    expect(Buffer.from(read).equals(body.subarray(start, end))).toBe(true)
  })
  fc.assert(isSlice, { numRuns: 200 })
})

describe('a chunk', () => {
  test('is packed from 1 KiB on, and where that makes it smaller', () => {
    const zeros = (length: number) => pack(new Uint8Array(length))
    expect(zeros(PACK_BYTES_MIN - 1).rawBytes).toBeNull()
    expect(zeros(PACK_BYTES_MIN).rawBytes).toBe(PACK_BYTES_MIN)
    expect(zeros(PACK_BYTES_MIN).bodies.byteLength).toBeLessThan(100)
    const random = noise(100_000)
    expect(pack(random)).toEqual({ bodies: random, rawBytes: null, packedHash: null })
  })

  test('that is packed is NULL for a SQL shell, and whole for who reads events', async () => {
    await using world = await openDbWorld()
    const ids = await commitDozen(world, 'a')
    const { client } = world.database
    expect(client.query('SELECT count(*), count(body) FROM events').values()).toEqual([[13, 1]])
    const texts = storedBodies(world.database).map(({ body }) => Buffer.from(body ?? '').toString())
    expect(texts.slice(1)).toEqual(ids.map(paddedBody))
  })

  test('of an older version is read as it is, beside packed ones', async () => {
    await using dir = await makeTempDir()
    const options = { path: join(dir.path, DATABASE_FILE), clock: manualClock() }
    const former = MIGRATIONS.filter(({ name }) => name < '0010')
    const body = 'it was never packed '.repeat(1_000)
    {
      using database = openDatabase({ ...options, migrations: former })
      database.client.run(
        `INSERT INTO chunks (seq, committed_at, inbox_first, inbox_last, bodies)
         VALUES (1, 1, 1, 1, ?)`,
        [bytes(body)],
      )
    }
    using database = openDatabase(options)
    expect(chunkRow(database, 1)).toEqual({ bytes: body.length, rawBytes: null })
    const read = openBodies(database).read({ ...SEQ_1, bodyLength: body.length })
    expect(Buffer.from(read).toString()).toBe(body)
  })

  test('goes into a backup as it is, and is read from it', async () => {
    await using world = await openDbWorld()
    await commitDozen(world, 'a')
    await using dir = await makeTempDir()
    const path = join(dir.path, DATABASE_FILE)
    using reader = openReader(world.path)
    backUp(reader, path)
    using restored = openDatabase({ path, clock: manualClock() })
    expect(chunkRow(restored, 2)?.rawBytes).toBeGreaterThan(PACK_BYTES_MIN)
    expect(storedBodies(restored)).toEqual(storedBodies(world.database))
  })
})

describe('a packed chunk that is damaged', () => {
  test('says so at every byte, and gives no other bytes', async () => {
    const chunk = pack(bytes(paddedBody('a').repeat(20)))
    for (let at = 0; at < chunk.bodies.byteLength; at += 1) {
      const bodies = Uint8Array.from(chunk.bodies)
      bodies[at] = (bodies[at] ?? 0) ^ 1
      expect(() => unpack({ ...chunk, bodies }, 'chunk 7')).toThrow(
        'chunk 7 is not as it was written',
      )
    }
  })

  test.each([
    ['is cut', 'bodies = substr(bodies, 1, length(bodies) - 1)', 'is not as it was written'],
    ['is empty', "bodies = x''", 'is not as it was written'],
    ['lacks its hash', 'packed_hash = NULL', 'is not as it was written'],
    ['has another length', 'raw_bytes = raw_bytes + 1', 'is not as it was written'],
  ])('and %s stops its own events, not the others', async (_, damage, message) => {
    await using world = await openDbWorld()
    await commitDozen(world, 'a')
    await commitDozen(world, 'b')
    world.database.client.run(`UPDATE chunks SET ${damage} WHERE seq = 2`)

    const bodies = storedBodies(world.database)
    expect(bodies.filter(({ body }) => body === null)).toHaveLength(12)
    const entries = openOutbox(world.database).pending(ALL)
    expect(entries).toHaveLength(26)
    const damaged = entries.flatMap((entry) => entry.damage ?? [])
    expect(damaged).toHaveLength(12)
    expect(damaged[0]).toContain(`chunk 2 ${message}`)
  })
})
