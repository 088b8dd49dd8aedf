/**
 * Copies the WAL into the database file on a thread of its own: the two syncs of a checkpoint take
 * tens of milliseconds, during which the gateway's event loop goes on. Asked by db/checkpoint.ts,
 * one request at a time.
 */
import { Database } from 'bun:sqlite'
import type { CheckpointRequest } from './checkpoint.ts'
import { copyWal, type CheckpointAnswer } from './copy-wal.ts'
import { blameOf } from './failures.ts'

declare const self: Worker

let client: Database | undefined

self.addEventListener('message', ({ data }: MessageEvent<CheckpointRequest>) => {
  self.postMessage(checkpoint(data))
})

function checkpoint({ path }: CheckpointRequest): CheckpointAnswer {
  try {
    client ??= connect(path)
    return copyWal(client)
  } catch (error) {
    return { kind: 'failed', blame: blameOf(error), message: String(error) }
  }
}

function connect(path: string): Database {
  const connection = new Database(path, { readwrite: true, strict: true })
  connection.run('PRAGMA busy_timeout = 250')
  // NORMAL is also what makes a checkpoint sync the WAL before it copies, and the file after.
  connection.run('PRAGMA synchronous = 1')
  return connection
}
