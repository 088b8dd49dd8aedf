import { expect, test } from 'bun:test'
import { Committer, type Result } from '../../src/consume/committer.ts'
import { Partition } from '../../src/consume/partition.ts'
import type { ConsumeCommit } from '../../src/consumer.ts'
import { silentLog } from '../../src/log.ts'
import { settle } from '../db/world.ts'
import { manualClock } from '../support/manual-clock.ts'

/** A committer whose commits the test ends. */
function open() {
  const commits: { readonly commit: ConsumeCommit; readonly end: () => void }[] = []
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
    commit: (commit) => new Promise((resolve) => commits.push({ commit, end: resolve })),
    onCommitted: () => undefined,
    onFailed: () => undefined,
  })
  let offset = -1
  function result(): Result {
    const entry = partition.offsets.add((offset += 1))
    return { partition, entry, bytes: 1, identity: undefined, processed: { event: undefined } }
  }
  return { committer, commits, partition, submit: () => committer.submit(result()) }
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
