/** The wiring's part that runs the handlers of today over what is kept. */
import { openKeptEvents, type StoredKept } from '../../db/kept-events.ts'
import type { Reader } from '../../db/open.ts'
import { replayRecord, statefulRecord } from '../consume/replay.ts'
import { consumerOf, type Consumer, type FetchedRecord } from '../consumer.ts'
import type { Consuming } from './consuming.ts'
import type { HandlePorts } from '../ingest/handle.ts'
import { replay, type ReplayPorts } from '../ingest/replay.ts'
import { lazily } from '../lazily.ts'
import type { Reloader } from '../loading/reload.ts'
import type { ReplayResult } from '../rerun.ts'
import type { RerunPorts, StoreReplayed } from '../rerun/ports.ts'
import { parseStored } from './serving.ts'

export interface ReplayingPorts {
  readonly reader: Reader
  readonly reloader: Pick<Reloader, 'current'>
  readonly handlePorts: HandlePorts
  readonly consuming: Pick<Consuming, 'again'>
}

export interface Replaying extends Pick<RerunPorts, 'replay'> {
  /** Whether it is replayed by itself: its consumer keeps state, and holds a lane for it. */
  isAlone(seq: number): boolean
}

export function openReplaying(ports: ReplayingPorts): Replaying {
  const { reader, reloader, handlePorts, consuming } = ports
  const kept = lazily(() => openKeptEvents(reader))
  const replayPorts: ReplayPorts = {
    ...handlePorts,
    source: (name) => reloader.current().sources.get(name),
    caller: (name) => reloader.current().callers.get(name),
    parse: parseStored,
  }
  const find = (name: string) => reloader.current().consumers.get(name)

  function statefulOf(seq: number): StatefulRecord | undefined {
    const event = kept().bySeq(seq)
    if (event === undefined || event.damage !== undefined) return undefined
    const name = consumerOf(event.source)
    const consumer = name === undefined ? undefined : find(name)
    const record = statefulRecord(event, consumer)
    return consumer && record && { consumer, record }
  }

  async function replayOne(event: StoredKept): Promise<Omit<ReplayResult, 'seq'> | undefined> {
    if (event.damage !== undefined) {
      return { state: 'failed', reason: `STORAGE_DAMAGED: ${event.damage}`, records: [] }
    }
    const name = consumerOf(event.source)
    return name === undefined
      ? replay(event, replayPorts)
      : replayRecord(event, find(name), replayPorts)
  }

  return {
    isAlone: (seq) => statefulOf(seq) !== undefined,
    async replay(seqs, store: StoreReplayed) {
      const [seq] = seqs
      const stateful = seqs.length === 1 && seq !== undefined ? statefulOf(seq) : undefined
      if (stateful !== undefined && seq !== undefined) {
        const { consumer, record } = stateful
        return consuming.again(consumer.name, record, (replayed) => store([{ seq, ...replayed }]))
      }
      const results = await Promise.all(
        seqs.map(async (each) => {
          const event = kept().bySeq(each)
          const replayed = event && (await replayOne(event))
          return replayed && { seq: each, ...replayed }
        }),
      )
      return store(results.filter((result) => result !== undefined))
    },
  }
}

interface StatefulRecord {
  readonly consumer: Consumer
  readonly record: FetchedRecord
}
