import { expect, test } from 'bun:test'
import {
  CONSUMER_COMMIT_EVENTS_MAX,
  CONSUMER_COMMIT_RECORDS_MAX,
} from '../../src/limits/consumers.ts'
import { Committer } from '../../src/consume/committer.ts'
import { Partition } from '../../src/consume/partition.ts'
import type { ConsumeCommit } from '../../src/consumer.ts'
import type { NewEvent } from '../../src/event.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { silentLog } from '../../src/log.ts'
import { settle } from '../db/world.ts'
import { manualClock } from '../support/manual-clock.ts'
import { sampleEvent } from '../support/stored.ts'

/** A commit that the test ends. */
interface Commit {
  readonly commit: ConsumeCommit
  readonly end: () => void
  readonly fail: (error: Error) => void
}

const GONE = new Error('the writer is gone')

function open() {
  const commits: Commit[] = []
  const failures: unknown[] = []
  const stopping = new AbortController()
  const partition = new Partition(
    { topic: 't', partition: 0, offset: 0 },
    { assignment: 1, stopping: new AbortController().signal },
  )
  const committer = new Committer({
    clock: manualClock(),
    log: silentLog,
    consumer: { name: 'c', source: 'consumer:c', group: 'g', owner: 'o' },
    commit: (commit) => new Promise((end, fail) => void commits.push({ commit, end, fail })),
    onCommitted: () => undefined,
    onFailed: (error) => void failures.push(error),
    stopping: stopping.signal,
  })
  let offset = -1
  function submit(event?: NewEvent, identity?: string): void {
    const entry = partition.offsets.add((offset += 1))
    committer.submit({ partition, entry, bytes: 1, identity, processed: { event } })
  }
  return { committer, commits, failures, stopping, partition, submit }
}

test('a flush waits for what was submitted before it, and not for what follows without end', async () => {
  const { committer, commits, partition, submit } = open()
  submit()
  await settle()
  // The second waits for the first to be on disk.
  submit()
  let isFlushed = false
  const flushed = committer.flush().then(() => (isFlushed = true))
  await settle()
  submit()
  commits[0]?.end()
  await settle()
  expect([isFlushed, partition.synced]).toEqual([false, 1])
  submit()
  commits[1]?.end()
  await flushed
  expect(partition.synced).toBe(3)
  await settle()
  expect(commits).toHaveLength(3)
  commits[2]?.end()
})

test('a flush stores a position that nothing else has moved', async () => {
  const { committer, commits, partition } = open()
  committer.pass({ entry: partition.offsets.add(0), partition })
  const flushed = committer.flush()
  await settle()
  expect(commits[0]?.commit.positions).toEqual([{ topic: 't', partition: 0, offset: 1 }])
  commits[0]?.end()
  await flushed
  await committer.flush()
  expect(commits).toHaveLength(1)
})

test('a full disk is waited for, and not by a consumer that stops', async () => {
  const { committer, commits, failures, stopping, submit } = open()
  const full = new GatewayError('STORAGE_FULL', 'no space is left')
  submit()
  await settle()
  commits[0]?.fail(full)
  await settle()
  expect(failures).toEqual([])
  const flushed = committer.flush()
  stopping.abort()
  await settle()
  commits[1]?.fail(full)
  expect(await flushed.catch((error: unknown) => error)).toBe(full)
  expect(failures).toEqual([full])
})

test('behind a commit that has failed nothing is stored: its position would pass that', async () => {
  const { committer, commits, failures, partition, submit } = open()
  submit()
  await settle()
  submit()
  commits[0]?.fail(GONE)
  await settle()
  submit()
  expect(await committer.flush().catch((error: unknown) => error)).toBe(GONE)
  expect([commits.length, failures.length, partition.synced]).toEqual([1, 1, 0])
})

test('whoever waits for a commit hears that it has failed, or one before it', async () => {
  const { committer, commits, partition } = open()
  committer.pass({ entry: partition.offsets.add(0), partition })
  const first = committer.flush().catch((error: unknown) => error)
  await settle()
  committer.move(partition)
  const second = committer.flush().catch((error: unknown) => error)
  commits[0]?.fail(GONE)
  expect(await Promise.all([first, second])).toEqual([GONE, GONE])
})

test('what follows a flush at once is stored like all else, and can be waited for', async () => {
  const { committer, commits, submit } = open()
  submit()
  let isFlushed = false
  const followed = committer.flush().then(async () => {
    submit()
    await committer.flush()
    isFlushed = true
  })
  await settle()
  commits[0]?.end()
  await settle()
  expect([commits.length, isFlushed]).toEqual([2, false])
  commits[1]?.end()
  await followed
})

test.each([
  ['events of their own', sampleEvent('e'), CONSUMER_COMMIT_EVENTS_MAX],
  ['records that publish nothing', undefined, CONSUMER_COMMIT_RECORDS_MAX],
])(
  'a commit takes so many %s, in their order, and the next one the rest',
  async (_, event, max) => {
    const { committer, commits, partition, submit } = open()
    await committer.gather(async () => {
      for (let n = 0; n < max; n += 1) submit(event)
      await settle()
      // That is enough: it does not wait for the end of the batch.
      expect(commits.map(({ commit }) => commit.processed.length)).toEqual([max])
      for (let n = 0; n <= max; n += 1) submit(event)
    })
    for (const at of [0, 1, 2]) {
      commits[at]?.end()
      await settle()
    }
    expect(commits.map(({ commit }) => commit.processed.length)).toEqual([max, max, 1])
    const ends = commits.map(({ commit }) => commit.positions[0]?.offset)
    expect(ends).toEqual([max, 2 * max, 2 * max + 1])
    expect(partition.synced).toBe(2 * max + 1)
  },
)

test('what is submitted in any moment after a commit ended is stored, and waited for', async () => {
  for (let moments = 0; moments < 12; moments += 1) {
    const { committer, commits, partition, submit } = open()
    submit()
    await settle()
    let syncedByFlush: number | undefined
    commits[0]?.end()
    void (async () => {
      // A moment is what one await takes: the committer's own end has some, too.
      for (let passed = 0; passed < moments; passed += 1) await Promise.resolve()
      submit()
      void committer.flush().then(() => (syncedByFlush = partition.synced))
    })()
    await settle()
    expect({ moments, commits: commits.length }).toEqual({ moments, commits: 2 })
    commits[1]?.end()
    await settle()
    expect({ moments, syncedByFlush }).toEqual({ moments, syncedByFlush: 2 })
  }
})

test('an identity is pending from its result on until that is on disk', async () => {
  const { committer, commits, submit } = open()
  const isPending = () => ['first', 'last'].map((identity) => committer.isPending(identity))
  submit(undefined, 'first')
  expect(isPending()).toEqual([true, false])
  await settle()
  for (let n = 0; n < CONSUMER_COMMIT_RECORDS_MAX; n += 1) submit(undefined, `${n}`)
  submit(undefined, 'last')
  expect(isPending()).toEqual([true, true])
  commits[0]?.end()
  await settle()
  // The second commit is full without the last one.
  expect(isPending()).toEqual([false, true])
  commits[1]?.end()
  await settle()
  expect(isPending()).toEqual([false, true])
  commits[2]?.end()
  await settle()
  expect(isPending()).toEqual([false, false])
})
