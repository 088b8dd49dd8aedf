import { describe, expect, test } from 'bun:test'
import { appendFile, open, readFile, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { openFileLog } from '../../src/kafka/file-log.ts'
import type { PublishRecord } from '../../src/record.ts'
import { makeTempDir } from '../support/temp.ts'

function record(topic: string, value: string | Uint8Array, key = 'k'): PublishRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return { topic, key, value: bytes, headers: { ce_id: '1' } }
}

async function readLines(directory: string, topic: string): Promise<unknown[]> {
  const text = await readFile(join(directory, `${topic}.ndjson`), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}

describe('the file log', () => {
  test('writes one record a line, numbered by topic', async () => {
    await using dir = await makeTempDir()
    const directory = dir.path
    const log = openFileLog({ directory: join(directory, 'topics') })
    const landed = await log.publish([record('a', '{"x":1}'), record('b', 'text'), record('a', '')])
    expect(landed).toEqual([
      { topic: 'a', partition: 0, baseOffset: '0', positions: [0, 2] },
      { topic: 'b', partition: 0, baseOffset: '0', positions: [1] },
    ])
    expect(await log.publish([record('a', 'more')])).toEqual([
      { topic: 'a', partition: 0, baseOffset: '2', positions: [0] },
    ])
    await log.close()
    const common = { topic: 'a', partition: 0, key: 'k', headers: { ce_id: '1' } }
    expect(await readLines(join(directory, 'topics'), 'a')).toEqual([
      { ...common, offset: 0, value: '{"x":1}' },
      { ...common, offset: 1, value: '' },
      { ...common, offset: 2, value: 'more' },
    ])
  })

  test('keeps every byte: what is not UTF-8 is base64, a byte order mark and line ends stay', async () => {
    await using dir = await makeTempDir()
    const directory = dir.path
    const log = openFileLog({ directory })
    const values = [
      Buffer.from([0xff, 0xfe, 0x00]),
      Buffer.from('\uFEFF{"bom":true}'),
      Buffer.from('two\nlines\u2028 \u0000 \\ "'),
      Buffer.from([0xed, 0xa0, 0x80]), // half of a surrogate pair
      Buffer.from('👋'),
    ]
    await log.publish(values.map((value) => record('a', value)))
    await log.close()
    const lines = (await readLines(directory, 'a')) as { value?: string; value_base64?: string }[]
    const back = lines.map(({ value, value_base64: base64 }) =>
      base64 === undefined ? Buffer.from(value ?? '') : Buffer.from(base64, 'base64'),
    )
    expect(back).toEqual(values)
    expect(lines.map((line) => 'value' in line)).toEqual([false, true, true, false, true])
  })

  test('cuts off a line that a crash left half written, and numbers on from there', async () => {
    await using dir = await makeTempDir()
    const directory = dir.path
    const before = openFileLog({ directory })
    await before.publish([record('a', 'one'), record('a', 'two')])
    await before.close()
    await appendFile(join(directory, 'a.ndjson'), '{"topic":"a","partition":0,"off')

    const after = openFileLog({ directory })
    const [landed] = await after.publish([record('a', 'three')])
    await after.close()
    expect(landed?.baseOffset).toBe('2')
    expect(await readLines(directory, 'a')).toMatchObject([
      { offset: 0, value: 'one' },
      { offset: 1, value: 'two' },
      { offset: 2, value: 'three' },
    ])
  })

  test.each(['', '.', '..', '../escape', 'a/b', 'a\u0000b', 'x'.repeat(250)])(
    'refuses the topic %p',
    async (topic) => {
      await using dir = await makeTempDir()
      const log = openFileLog({ directory: dir.path })
      await expect(log.publish([record(topic, 'x')])).rejects.toThrow('TOPIC_REJECTED')
    },
  )

  test('refuses a topic whose name is too long for a file', async () => {
    await using dir = await makeTempDir()
    const log = openFileLog({ directory: dir.path })
    await expect(log.publish([record('x'.repeat(249), 'x')])).rejects.toThrow('TOPIC_REJECTED')
  })

  test('keeps what it writes to its owner, and on disk by name before it answers', async () => {
    await using dir = await makeTempDir()
    const directory = join(dir.path, 'topics')
    const synced: number[] = []
    const restore = await replaceOnFiles(dir.path, 'sync', async (handle, original) => {
      synced.push((await handle.stat()).ino)
      await original()
    })
    const log = openFileLog({ directory })
    await log.publish([record('a', 'one')])
    restore()
    await log.close()
    const paths = [join(directory, 'a.ndjson'), directory, dir.path]
    const stats = await Promise.all(paths.map((path) => stat(path)))
    expect(synced).toEqual(stats.map(({ ino }) => ino))
    expect(stats.slice(0, 2).map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o700])
  })

  test('answers only once the line is synced', async () => {
    await using dir = await makeTempDir()
    const log = openFileLog({ directory: dir.path })
    await log.publish([record('a', 'one')])
    const syncing = Promise.withResolvers<void>()
    const disk = Promise.withResolvers<void>()
    const restore = await replaceOnFiles(dir.path, 'datasync', (_, original) => {
      syncing.resolve()
      return disk.promise.then(original)
    })
    let answered = false
    const publishing = log.publish([record('a', 'two')]).then(() => (answered = true))
    await syncing.promise
    await new Promise(setImmediate)
    expect(answered).toBe(false)
    disk.resolve()
    await publishing
    restore()
    await log.close()
  })

  test('writes nothing twice after a write that failed half way, and goes on', async () => {
    await using dir = await makeTempDir()
    const directory = dir.path
    const log = openFileLog({ directory })
    await log.publish([record('a', 'one')])
    const restore = await replaceOnFiles(directory, 'appendFile', async (handle) => {
      await handle.write('{"topic":"a","par')
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    })
    await expect(log.publish([record('a', 'two')])).rejects.toThrow('BROKER_UNAVAILABLE')
    restore()
    const [landed] = await log.publish([record('a', 'two')])
    await log.close()
    expect(landed?.baseOffset).toBe('1')
    expect(await readLines(directory, 'a')).toMatchObject([{ value: 'one' }, { value: 'two' }])
  })

  test('does not take a bug for a file that cannot be written', async () => {
    await using dir = await makeTempDir()
    const directory = dir.path
    const log = openFileLog({ directory })
    await log.publish([record('a', 'one')])
    const bug = new TypeError('undefined is not an object')
    const restore = await replaceOnFiles(directory, 'appendFile', () => Promise.reject(bug))
    await expect(log.publish([record('a', 'two')])).rejects.toThrow('CLIENT_FAILED')
    restore()
    await log.close()
  })

  test('says so when it cannot write', async () => {
    await using dir = await makeTempDir()
    const directory = dir.path
    await Bun.write(join(directory, 'topics'), 'a file where the directory should be')
    const log = openFileLog({ directory: join(directory, 'topics') })
    await expect(log.publish([record('a', 'x')])).rejects.toThrow('BROKER_UNAVAILABLE')
  })
})

/**
 * Replaces a method of all open files, for a disk that is slow or full on demand; the answer puts
 * it back.
 */
async function replaceOnFiles(
  directory: string,
  method: 'appendFile' | 'datasync' | 'sync',
  replacement: (handle: FileHandle, original: () => Promise<void>) => Promise<void>,
): Promise<() => void> {
  const probe = await open(join(directory, 'probe'), 'w')
  const shared = Object.getPrototypeOf(probe) as Record<
    string,
    (...args: unknown[]) => Promise<void>
  >
  await probe.close()
  const original = shared[method]
  if (original === undefined) throw new Error(`files have no ${method}`)
  shared[method] = function (this: FileHandle, ...args) {
    return replacement(this, () => original.apply(this, args))
  }
  return () => {
    shared[method] = original
  }
}
