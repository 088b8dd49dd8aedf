import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openEventSearch } from '../../db/event-search.ts'
import { openInbox, type StoredEventDetail } from '../../db/inbox.ts'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { systemClock } from '../clock.ts'

/** How long the records of an event may take to come out, in ms. */
const RECORDS_MS_MAX = 5_000
const POLL_MS = 50
const VALUE_CHARS_MAX = 600

interface Sent {
  readonly dataDir: string
  readonly source: string
}

/**
 * Shows what became of the newest event of a source: its records as they came out, or
 * why there are none.
 */
export async function showOutcome(sent: Sent, print: (line: string) => void): Promise<void> {
  using reader = openReader(join(sent.dataDir, DATABASE_FILE))
  const inbox = openInbox(reader)
  const deadlineMs = systemClock.monotonicMs() + RECORDS_MS_MAX
  const { seqs } = openEventSearch(
    reader,
    systemClock,
  )({
    query: { source: sent.source },
    order: 'newest',
    limit: 1,
    msMax: RECORDS_MS_MAX,
  })
  let event = seqs[0] === undefined ? undefined : inbox.bySeq(seqs[0])
  while (hasPending(event) && systemClock.monotonicMs() < deadlineMs) {
    await systemClock.sleep(POLL_MS)
    event = inbox.bySeq(event.seq)
  }
  if (event === undefined) return
  print(
    `stored as ${event.state}, seq ${event.seq}${event.reason === null ? '' : `: ${event.reason}`}`,
  )
  for (const record of event.records) {
    print(
      `\n${record.status} to ${record.topic}${record.reason === null ? '' : `: ${record.reason}`}`,
    )
    if (record.status === 'published') printLine(sent.dataDir, record.topic, event, print)
  }
}

function hasPending(event: StoredEventDetail | undefined): event is StoredEventDetail {
  return event?.records.some(({ status }) => status === 'pending') ?? false
}

interface TopicLine {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly value?: string
  readonly value_base64?: string
}

/** With the stand-in for Kafka: the record as it stands in the file of its topic. */
function printLine(
  dataDir: string,
  topic: string,
  event: StoredEventDetail,
  print: (line: string) => void,
): void {
  const file = join(dataDir, 'topics', `${topic}.ndjson`)
  if (!existsSync(file)) return
  const mark = `"inlet-seq":"${event.seq}"`
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .findLast((each) => each.includes(mark))
  if (line === undefined) return
  const record = JSON.parse(line) as TopicLine
  print(`  file   ${file}`)
  print(`  key    ${record.key}`)
  for (const [name, value] of Object.entries(record.headers)) print(`  ${name}: ${value}`)
  const value = record.value ?? record.value_base64 ?? ''
  const rest = value.length - VALUE_CHARS_MAX
  print(`  ${value.slice(0, VALUE_CHARS_MAX)}${rest > 0 ? `… and ${rest} more characters` : ''}`)
}
