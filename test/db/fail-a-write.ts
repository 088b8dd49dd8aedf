/**
 * A gateway's storage, of which one write fails that no sender waits for: what becomes of it goes
 * to stdout. The disk is made to fail by a library that was preloaded. Started by
 * failing-disk.test.ts.
 */
import { truncateSync, writeFileSync } from 'node:fs'
import { openCheckpointer } from '../../db/checkpoint.ts'
import { openDedup } from '../../db/dedup.ts'
import { openDatabase } from '../../db/open.ts'
import { openRetention } from '../../db/retention.ts'
import { openRhythms } from '../../db/rhythms.ts'
import { openWriter } from '../../db/writer.ts'
import { silentLog } from '../../src/log.ts'
import { manualClock } from '../support/manual-clock.ts'
import { codeOf, noise, sampleEvent } from '../support/stored.ts'
import { DAY_MS, RETENTION_MS } from './world.ts'

const MIB = 1024 * 1024

const [what = '', path, armed] = process.argv.slice(2)
if (path === undefined || armed === undefined) {
  throw new Error('usage: fail-a-write.ts <what> <path> <file that lets the disk fail>')
}
const failNext = () => writeFileSync(armed, '')
const clock = manualClock()
const database = openDatabase({ path, clock })
const dedup = openDedup(database, { retentionMs: RETENTION_MS })
const fatal: unknown[] = []
const onFatal = (error: unknown) => void fatal.push(String(error))
const writer = openWriter({ database, dedup, onFatal })
const retention = openRetention(database, { retentionMs: RETENTION_MS, dedup })
const checkpointer = openCheckpointer({ database, writer, clock, log: silentLog })

async function fill(mebibytes: number): Promise<void> {
  const body = noise(MIB)
  const ids = Array.from({ length: mebibytes }, (_, index) => `filling-${index}`)
  await Promise.all(ids.map((id) => writer.commit(sampleEvent(id, { body, records: [] }))))
}

/** Each prepares its write, and returns it. Whatever that throws is its caller's to log. */
const WRITES: Readonly<Record<string, () => Promise<() => unknown>>> = {
  async deleting() {
    await fill(1)
    clock.advance(RETENTION_MS + DAY_MS)
    return () => retention.retainOnce()
  },
  async 'giving pages back'() {
    await fill(4)
    clock.advance(RETENTION_MS + DAY_MS)
    retention.retainOnce()
    return () => retention.retainOnce()
  },
  'keeping rhythms': () => Promise.resolve(() => openRhythms(database).write('{}')),
  async 'copying the WAL, and giving it back'() {
    await fill(33)
    // As long as one that somebody's reading has let grow; no frame of it is valid.
    truncateSync(`${path}-wal`, 256 * MIB)
    return () => checkpointer.runOnce()
  },
}

const write = await WRITES[what]?.()
await writer.commit(sampleEvent('before'))
failNext()
await Promise.try(() => write?.()).catch(() => undefined)
const next = await codeOf(writer.commit(sampleEvent('after')))
await writer.close()
checkpointer.close()
database.close()
process.stdout.write(JSON.stringify({ next, fatal, isTrusted: database.isTrusted }))
// As the gateway does: Bun closes every database as it exits.
process.kill(process.pid, 'SIGKILL')
