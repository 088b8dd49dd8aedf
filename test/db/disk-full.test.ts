import { expect } from 'bun:test'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { openWriter } from '../../db/writer.ts'
import { manualClock } from '../support/manual-clock.ts'
import { testWithMounts } from '../support/mounts.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { RETENTION_MS, storedIds } from './world.ts'
import { codeOf, noise, sampleEvent } from '../support/stored.ts'

testWithMounts(
  'a full disk answers STORAGE_FULL, and the same process goes on when there is room',
  async () => {
    await using disk = await mountSmallDisk(8)
    const ballast = join(disk.path, 'ballast')
    await Bun.write(ballast, new Uint8Array(3 * 1024 * 1024))
    const clock = manualClock()
    const fatal: unknown[] = []
    using database = openDatabase({ path: join(disk.path, 'data', DATABASE_FILE), clock })
    const writer = openWriter({
      database,
      dedup: openDedup(database, { retentionMs: RETENTION_MS }),
      onFatal: (error) => void fatal.push(error),
    })
    const body = noise(100_000)

    const stored: string[] = []
    let refused: string | undefined
    for (let index = 0; refused === undefined; index += 1) {
      refused = await codeOf(writer.commit(sampleEvent(`e${index}`, { body })))
      if (refused === undefined) stored.push(`e${index}`)
    }
    expect(refused).toBe('STORAGE_FULL')
    expect(stored.length).toBeGreaterThan(10)
    // What is on disk is still recognised, and read.
    expect(await writer.commit(sampleEvent('e0', { body }))).toMatchObject({ kind: 'duplicate' })

    await rm(ballast)
    const next = await writer.commit(sampleEvent(`e${stored.length}`, { body }))
    expect(next).toEqual({ kind: 'stored', seq: stored.length + 1 })
    expect(storedIds(database)).toHaveLength(stored.length + 1)
    expect(database.client.query('PRAGMA integrity_check').values()).toEqual([['ok']])
    expect(fatal).toEqual([])
    await writer.close()
  },
)
