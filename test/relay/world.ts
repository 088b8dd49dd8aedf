import { assert } from '../../src/assert.ts'
import type { Clock } from '../../src/clock.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { silentLog } from '../../src/log.ts'
import {
  assertTransition,
  type EntryException,
  type OutboxEntry,
  type RelayMark,
} from '../../src/outbox.ts'
import type { Landed, PublishRecord } from '../../src/record.ts'
import type { Intake, OutboxReader, RelayPorts, RelayStatus } from '../../src/relay/ports.ts'
import { NO_INTAKE } from '../../src/relay/synced.ts'

/** What one send meets. Everything here is something that a real broker does, but not on demand. */
export type SendFault =
  | 'unreachable' // nothing lands
  | 'ack-lost' // everything lands, the answer does not arrive
  | 'partial' // some partitions land
  | 'late' // nothing lands now, everything lands some sends later
  | 'crash-before' // this process dies before the send
  | 'crash-after' // this process dies once everything has landed
export type MarkFault = 'crash-before' | 'crash-after' | 'disk-full'

/** The relay's process dies here; what is in the outbox and on the topics stays. */
export class Crash extends Error {}

const PARTITIONS = 3
const ENTRY_BYTES = 10
export const POISON_BYTES = 1_000

/**
 * An outbox and a Kafka in memory, that fail exactly when a test says so. Durable state outlives
 * crashes.
 */
export class World {
  readonly entries: OutboxEntry[] = []
  readonly exceptions = new Map<number, EntryException>()
  readonly marks: RelayMark[] = []
  readonly reports: RelayStatus[] = []
  /** What is on each partition, as seqs. */
  readonly logs = new Map<string, number[]>()
  /** The seqs of each send, as they were sent. */
  readonly sends: (readonly number[])[] = []
  readonly missingTopics = new Set<string>()
  position = 0
  /** How often somebody else has changed exceptions. */
  rings = 0
  blockedKeysReads = 0
  faults = 0
  nowMs = 1_800_000_000_000
  intake: Intake = NO_INTAKE
  nextSendFault: () => SendFault | undefined = () => undefined
  nextMarkFault: () => MarkFault | undefined = () => undefined
  /** Called when the relay has nothing to do, and when it waits for Kafka. */
  onSleep: (ms: number) => void = () => {}
  #late: { readonly dueAtSend: number; readonly records: readonly PublishRecord[] }[] = []
  #sending = false

  /**
   * Commits an entry and returns its seq. One of POISON_BYTES is too large for the Kafka in memory.
   */
  add(topic: string, key: string, bytes = ENTRY_BYTES): number {
    const seq = this.entries.length + 1
    this.entries.push({
      seq,
      n: 0,
      topic,
      key,
      headers: null,
      eventHeaders: null,
      value: new Uint8Array(bytes),
      inboxSeq: seq,
      source: 'test',
      eventId: String(seq),
      type: 'made',
      contentType: 'application/json',
      receivedAt: this.nowMs,
    })
    return seq
  }

  ports(): RelayPorts {
    const clock: Clock = {
      now: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      sleep: (ms) => this.#sleep(ms),
    }
    return {
      clock,
      log: silentLog,
      outbox: this.#reader(),
      publisher: { publish: (records) => this.#publish(records) },
      synced: {
        current: () => this.entries.length,
        rings: () => this.rings,
        intake: () => this.intake,
        next: ({ ms }) => this.#sleep(ms),
      },
      mark: (mark) => this.#mark(mark),
      report: (status) => this.reports.push(status),
    }
  }

  /** All seqs on a topic, partition after partition. */
  published(topic?: string): number[] {
    return [...this.logs]
      .filter(([name]) => topic === undefined || name.startsWith(`${topic}/`))
      .flatMap(([, seqs]) => seqs)
  }

  /** Seqs with this status. */
  withStatus(status: EntryException['status']): number[] {
    return [...this.exceptions.values()].filter((e) => e.status === status).map((e) => e.seq)
  }

  get idle(): boolean {
    return this.position === this.entries.length && this.withStatus('retry').length === 0
  }

  async #sleep(ms: number): Promise<void> {
    this.nowMs += ms
    this.onSleep(ms)
    await Promise.resolve()
  }

  #reader(): OutboxReader {
    const all = () => [...this.exceptions.values()].toSorted((a, b) => a.seq - b.seq)
    return {
      progress: () => this.position,
      pending: ({ after, upTo, entriesMax, bytesMax }) => {
        const range = this.entries.slice(after, Math.min(upTo, after + entriesMax))
        let bytes = 0
        return range.filter((entry, i) => (bytes += entry.value.byteLength) <= bytesMax || i === 0)
      },
      exceptions: ({ status, topic, limit }) =>
        all()
          .filter((exception) => exception.status === status && exception.topic === topic)
          .slice(0, limit)
          .map((exception) => ({ exception, entry: this.#entry(exception.seq) })),
      heads: () => {
        const retries = all().filter((exception) => exception.status === 'retry')
        const firsts = Map.groupBy(retries, ({ topic }) => topic).values()
        return [...firsts].flatMap(([first]) => (first === undefined ? [] : [first]))
      },
      blockedKeys: () => {
        this.blockedKeysReads += 1
        return all().filter((exception) => exception.status === 'blocked')
      },
    }
  }

  #entry(seq: number): OutboxEntry {
    const entry = this.entries[seq - 1]
    assert(entry !== undefined, `there is an entry ${seq}`)
    return entry
  }

  async #publish(records: readonly PublishRecord[]): Promise<Landed[]> {
    if (records.length === 0) return [] // the relay only asks whether Kafka answers
    assert(!this.#sending, 'one send is in flight')
    assert(records.length > 0, 'a send has records')
    this.#sending = true
    await Promise.resolve()
    this.#sending = false
    this.#landLateOnes()
    const fault = this.nextSendFault()
    if (fault === 'crash-before') this.#crash()
    this.sends.push(records.map(seqOf))
    if (fault === 'crash-after') {
      this.#land(records, () => true)
      this.#crash()
    }
    if (fault !== undefined) this.#fail(fault, records)
    if (records.some(({ topic }) => this.missingTopics.has(topic))) {
      // A topic may be refused before anything is sent, or in the answer, when others have landed.
      this.faults += 1
      this.#land(records, (name, i) => !this.missingTopics.has(topicOf(name)) && i % 2 === 0)
      throw new GatewayError('TOPIC_REJECTED', 'no such topic')
    }
    const landed = this.#land(records, (_, __, seqs) => !seqs.some((seq) => this.#isPoison(seq)))
    if (landed.reduce((sum, { positions }) => sum + positions.length, 0) < records.length) {
      this.faults += 1
      throw new GatewayError('RECORD_REJECTED', 'too large')
    }
    return landed
  }

  #isPoison(seq: number): boolean {
    return this.#entry(seq).value.byteLength === POISON_BYTES
  }

  #crash(): never {
    this.faults += 1
    throw new Crash()
  }

  #fail(fault: SendFault, records: readonly PublishRecord[]): never {
    this.faults += 1
    if (fault === 'ack-lost') this.#land(records, () => true)
    if (fault === 'partial') this.#land(records, (_, index) => index % 2 === 1)
    if (fault === 'late') this.#late.push({ dueAtSend: this.sends.length + 3, records })
    throw new GatewayError('BROKER_UNAVAILABLE', fault)
  }

  #landLateOnes(): void {
    const due = this.#late.filter(({ dueAtSend }) => dueAtSend <= this.sends.length)
    this.#late = this.#late.filter(({ dueAtSend }) => dueAtSend > this.sends.length)
    for (const { records } of due) this.#land(records, () => true)
  }

  /** Appends to each partition all of its records, or none. */
  #land(
    records: readonly PublishRecord[],
    takes: (name: string, index: number, seqs: readonly number[]) => boolean,
  ): Landed[] {
    const groups = Map.groupBy(records.keys(), (position) => nameOfPartition(records[position]))
    return [...groups].flatMap(([name, positions], index) => {
      const seqs = positions.map((position) => seqOf(records[position]))
      if (!takes(name, index, seqs) || this.missingTopics.has(topicOf(name))) return []
      const log = this.logs.get(name) ?? []
      this.logs.set(name, log)
      const baseOffset = String(log.length)
      log.push(...seqs.filter((seq) => !this.#isPoison(seq)))
      return [
        { topic: topicOf(name), partition: Number(name.split('/')[1]), baseOffset, positions },
      ]
    })
  }

  async #mark(mark: RelayMark): Promise<void> {
    await Promise.resolve()
    const fault = this.nextMarkFault()
    if (fault === 'crash-before') this.#crash()
    if (fault === 'disk-full') throw new GatewayError('STORAGE_FULL', 'test')
    assert(mark.from === this.position, 'a mark starts at the high-water mark')
    for (const exception of mark.exceptions) {
      const before = this.exceptions.get(exception.seq)?.status ?? 'pending'
      assertTransition(before, exception.status)
      this.exceptions.set(exception.seq, exception)
    }
    for (const seq of mark.settled) {
      assert(this.exceptions.delete(seq), 'only an exception is settled')
    }
    this.position = mark.to
    this.marks.push(mark)
    if (fault === 'crash-after') this.#crash()
  }
}

function seqOf(record: PublishRecord | undefined): number {
  return Number(record?.headers['inlet-seq'])
}

function nameOfPartition(record: PublishRecord | undefined): string {
  assert(record !== undefined, 'there is a record')
  const sum = Buffer.from(record.key).reduce((total, byte) => total + byte, 0)
  return `${record.topic}/${sum % PARTITIONS}`
}

function topicOf(name: string): string {
  return name.slice(0, name.indexOf('/'))
}
