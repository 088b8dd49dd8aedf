/** Opens what a power cut has left with the gateway's own code, and looks for what it promised. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { openDatabase, type InletDatabase } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openWriter } from '../../db/writer.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { storedBodies } from '../support/stored-bodies.ts'
import { sampleEvent } from '../support/stored.ts'
import { manualClock } from '../support/manual-clock.ts'
import type { DiskState } from './disk-model.ts'

const RETENTION_MS = 7 * 24 * 3600 * 1000

/** Redeliveries of acknowledged events that are tried on each state. */
const REDELIVERIES = 3

/** What had been promised when the power went. */
export interface Promised {
  /** The bodies of the events that were acknowledged, by id. */
  readonly acked: ReadonlyMap<string, string>
  /** Those that retention may have deleted since, once they were published. */
  readonly mayBeGone: ReadonlySet<string>
}

export interface Finding {
  /** Acknowledged events that are not there, byte for byte. */
  readonly lost: number
  /** What else is wrong: nothing, where the file is whole. */
  readonly broken: readonly string[]
}

/** Puts a state on a file system, opens it, and compares. The directory is emptied first. */
export async function checkState(
  state: DiskState,
  promised: Promised,
  directory: string,
): Promise<Finding> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(join(directory, 'data'), { recursive: true })
  for (const [path, bytes] of state) {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
  return checkFiles(directory, promised)
}

/** Opens the files that a gateway has left below a directory, and compares. */
export async function checkFiles(directory: string, promised: Promised): Promise<Finding> {
  try {
    const path = join(directory, 'data/inlet.db')
    using database = openDatabase({ path, clock: manualClock() })
    return await compare(database, promised)
  } catch (error) {
    return { lost: 0, broken: [messageOf(error)] }
  }
}

async function compare(database: InletDatabase, promised: Promised): Promise<Finding> {
  const broken = [...problemsOf(database)]
  const rows = storedBodies(database)
  const stored = new Map(rows.map(({ eventId, body }) => [eventId, body]))
  if (stored.size !== rows.length) broken.push('an event is stored twice')
  const unread = rows.filter(({ body }) => body === null).length
  if (unread > 0) broken.push(`${unread} events without their body`)
  const isThere = (id: string, body: string) =>
    Buffer.from(stored.get(id) ?? '').equals(Buffer.from(body))
  const lost = [...promised.acked].filter(
    ([id, body]) => !isThere(id, body) && !(promised.mayBeGone.has(id) && !stored.has(id)),
  )
  const isKnown = (id: string) => stored.has(id) && !promised.mayBeGone.has(id)
  const known = [...promised.acked.keys()].filter(isKnown).slice(-REDELIVERIES)
  broken.push(...(await redeliver(database, known)))
  return { lost: lost.length, broken }
}

function problemsOf(database: InletDatabase): readonly string[] {
  const { client } = database
  const number = (sql: string) => client.query<{ n: number }, []>(sql).get()?.n ?? 0
  const integrity = client.query('PRAGMA integrity_check').values().flat().join('; ')
  const mark = openOutbox(database).progress()
  const last = number(`SELECT coalesce(max(seq), 0) n FROM sqlite_sequence WHERE name = 'outbox'`)
  const above = number(`SELECT count(*) n FROM outbox WHERE seq > ${mark}`)
  const orphans = number(
    'SELECT count(*) n FROM outbox LEFT JOIN inbox ON inbox.seq = inbox_seq WHERE inbox.seq IS NULL',
  )
  return [
    ...(integrity === 'ok' ? [] : [integrity]),
    ...(mark <= last ? [] : [`the relay's mark is at ${mark}, the last entry at ${last}`]),
    ...(above === last - mark ? [] : [`${above} entries above ${mark}, the last is ${last}`]),
    ...(orphans === 0 ? [] : [`${orphans} entries without their event`]),
  ]
}

async function redeliver(database: InletDatabase, ids: readonly string[]): Promise<string[]> {
  const broken: string[] = []
  const dedup = openDedup(database, { retentionMs: RETENTION_MS })
  const onFatal = (error: unknown) => void broken.push(messageOf(error))
  const writer = openWriter({ database, dedup, onFatal })
  const answers = [...ids, 'never-sent'].map((id) => writer.commit(sampleEvent(id)))
  const kinds = (await Promise.all(answers)).map(({ kind }) => kind)
  if (kinds.pop() !== 'stored') broken.push('a new event is not stored')
  if (!kinds.every((kind) => kind === 'duplicate')) broken.push('a redelivery is not recognised')
  await writer.close()
  return broken
}
