import { expect, test } from 'bun:test'
import { Committer, type Result } from '../../src/consume/committer.ts'
import { Partition } from '../../src/consume/partition.ts'
import type { ConsumeCommit } from '../../src/consumer.ts'
import { GatewayError } from '../../src/errors.ts'
import { silentLog } from '../../src/log.ts'
import { settle } from '../db/world.ts'
import { manualClock } from '../support/manual-clock.ts'

/** A commit that the test ends. */
interface Commit {
  readonly commit: ConsumeCommit
  readonly end: () => void
  readonly fail: (error: Error) => void
}

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
    group: 'g',
    owner: 'o',
    consumer: 'c',
    commit: (commit) => new Promise((end, fail) => void commits.push({ commit, end, fail })),
    onCommitted: () => undefined,
    onFailed: (error) => void failures.push(error),
    stopping: stopping.signal,
  })
  let offset = -1
  function result(): Result {
    const entry = partition.offsets.add((offset += 1))
    return { partition, entry, bytes: 1, identity: undefined, processed: { event: undefined } }
  }
  const submit = () => committer.submit(result())
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
  await flushed
  expect(failures).toEqual([full])
})

test('behind a commit that has failed nothing is stored: its position would pass that', async () => {
  const { committer, commits, failures, partition, submit } = open()
  submit()
  await settle()
  submit()
  commits[0]?.fail(new Error('the writer is gone'))
  await settle()
  submit()
  await committer.flush()
  expect([commits.length, failures.length, partition.synced]).toEqual([1, 1, 0])
})
