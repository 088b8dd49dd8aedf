import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assert } from '../assert.ts'
import { GatewayError } from '../faults/faults.ts'
import { TOPIC_NAME } from '../limits/limits.ts'
import type { Landed, PublishRecord } from '../record.ts'
import { toFault } from './faults.ts'

const NEWLINE = 10
const READ_BYTES = 1024 * 1024

export interface FileLog {
  /**
   * Resolves once every record is a line of its topic's file, and on disk. One call at a time.
   *
   * @throws GatewayError TOPIC_REJECTED: the topic's name is none; BROKER_UNAVAILABLE: the file
   * cannot be written.
   */
  publish(records: readonly PublishRecord[]): Promise<readonly Landed[]>
  close(): Promise<void>
}

interface TopicFile {
  readonly handle: FileHandle
  lines: number
}

/**
 * Opens the stand-in for Kafka: `<directory>/<topic>.ndjson`, one partition, one record a line, the
 * line number as offset, and `value` as text where the bytes are UTF-8, as `value_base64` where
 * they are not. It keeps no order across topics, deletes nothing, and has no consumers: for
 * development, and where a file is all that is needed. Like the database it is its owner's alone.
 */
export function openFileLog({ directory }: { readonly directory: string }): FileLog {
  const files = new Map<string, TopicFile>()
  let sending = false

  async function append(
    topic: string,
    positions: readonly number[],
    records: readonly PublishRecord[],
  ): Promise<Landed> {
    if (!TOPIC_NAME.test(topic)) throw new GatewayError('TOPIC_REJECTED', 'not a name of a topic')
    try {
      const file = files.get(topic) ?? (await openTopic(directory, topic))
      files.set(topic, file)
      const first = file.lines
      const own = positions.flatMap((position) => records[position] ?? [])
      await file.handle.appendFile(own.map((record, i) => toLine(record, first + i)).join(''))
      await file.handle.datasync()
      file.lines += own.length
      return { topic, partition: 0, baseOffset: String(first), positions }
    } catch (error) {
      // Opened again it is healed: what was half written goes, and the lines are counted anew.
      await files
        .get(topic)
        ?.handle.close()
        .catch(() => undefined)
      files.delete(topic)
      throw faultOf(error)
    }
  }

  return {
    async publish(records) {
      assert(!sending, 'one send is in flight')
      sending = true
      try {
        const topics = Map.groupBy(records.keys(), (position) => records[position]?.topic ?? '')
        const landed: Landed[] = []
        for (const [topic, positions] of topics) {
          landed.push(await append(topic, positions, records))
        }
        return landed
      } finally {
        sending = false
      }
    },
    async close() {
      for (const { handle } of files.values()) await handle.close()
      files.clear()
    },
  }
}

/** Opens a topic's file, cuts off a last line that a crash left torn, and counts the lines. */
async function openTopic(directory: string, topic: string): Promise<TopicFile> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const handle = await open(join(directory, `${topic}.ndjson`), 'a+', 0o600)
  try {
    const buffer = Buffer.alloc(READ_BYTES)
    let lines = 0
    let end = 0 // after the last newline
    for (let at = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, at)
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      for (let i = chunk.indexOf(NEWLINE); i !== -1; i = chunk.indexOf(NEWLINE, i + 1)) {
        lines += 1
        end = at + i + 1
      }
      at += bytesRead
    }
    await handle.truncate(end)
    await handle.sync()
    await syncDirectory(directory)
    // Each time: who made the directory may have died before this.
    await syncDirectory(dirname(directory))
    return { handle, lines }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Makes the names of new files survive a power cut: syncing the files alone does not. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function toLine({ topic, key, headers, value }: PublishRecord, offset: number): string {
  const line = { topic, partition: 0, offset, key, headers, ...toText(value) }
  return `${JSON.stringify(line)}\n`
}

/** Text only where it turns back into exactly these bytes: valid UTF-8, byte order mark kept. */
function toText(value: Uint8Array): { value: string } | { value_base64: string } {
  try {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) }
  } catch {
    return { value_base64: Buffer.from(value).toString('base64') }
  }
}

function faultOf(error: unknown): GatewayError {
  // A topic's name may have 249 characters, a file's only 255 bytes, its ending included.
  const isTooLong = error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG'
  if (!isTooLong) return toFault(error)
  return new GatewayError('TOPIC_REJECTED', error.message, { cause: error })
}
