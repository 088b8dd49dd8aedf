import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredRecord } from '../support/topics.ts'

interface Line {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly headers: Record<string, string>
  readonly value?: string
}

/** Every record of a topic of the file sink, in order; none where there is no file. */
export function readFileTopic(dataDir: string, topic: string): StoredRecord[] {
  const path = join(dataDir, 'topics', `${topic}.ndjson`)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map((text) => {
    const { value = '', offset, ...line } = JSON.parse(text) as Line
    return { ...line, offset: String(offset), value: Buffer.from(value) }
  })
}
