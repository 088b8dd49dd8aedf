import { dirname } from 'node:path'
import { freeBytes } from './files.ts'
import type { Reader } from './open.ts'
import { readNumber } from './pragmas.ts'

/**
 * How many more bytes may be stored: what its disk has left, or what the database lacks to
 * `bytesMax`, whichever is less. Pages that retention has freed count as room: they are used again.
 * The write-ahead log is not counted, it is bounded by itself. 0: as much as the disk has.
 */
export function openRoom({ client, path }: Reader, bytesMax: number): () => number {
  const directory = dirname(path)
  return () => {
    const free = freeBytes(directory)
    if (bytesMax === 0) return free
    const pages = readNumber(client, 'page_count') - readNumber(client, 'freelist_count')
    return Math.max(0, Math.min(free, bytesMax - pages * readNumber(client, 'page_size')))
  }
}
