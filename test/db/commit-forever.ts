/**
 * A process that commits events, many at a time, and prints the id of each once it is
 * acknowledged. Started by crash.test.ts.
 */
import { writeSync } from 'node:fs'
import { openDedup } from '../../db/dedup.ts'
import { openDatabase } from '../../db/open.ts'
import { openWriter } from '../../db/writer.ts'
import { systemClock } from '../../src/clock.ts'
import { paddedBody, RETENTION_MS } from './world.ts'
import { bytes, sampleEvent } from '../support/stored.ts'

/** Few, so that it is killed with several written, and now and then while one is. */
const RUN_IDS = 64

const [path, prefix] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: commit-forever.ts <path> <prefix>')
const database = openDatabase({ path, clock: systemClock })
const writer = openWriter({
  database,
  dedup: openDedup(database, { retentionMs: RETENTION_MS, runIds: RUN_IDS }),
  onFatal: (error) => {
    throw error
  },
})

async function commitForever(lane: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const id = `${prefix}-${lane}-${index}`
    await writer.commit(sampleEvent(id, { body: bytes(paddedBody(id)) }))
    writeSync(1, `${id}\n`)
  }
}

await Promise.all(Array.from({ length: 32 }, (_, lane) => commitForever(lane)))
