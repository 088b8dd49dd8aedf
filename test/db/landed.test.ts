import { expect, test } from 'bun:test'
import { openLanded } from '../../db/landed.ts'
import { EXACT_HEADER, packExact } from '../../src/exact-record.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import { openDbWorld } from './world.ts'
import { sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

const PARTITIONS = 3
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const encoder = new TextEncoder()

/** The last three are no text. */
function bytesOf(key: string | undefined): Uint8Array {
  const [byte = 0] = encoder.encode(key)
  return new Uint8Array(byte > 0x65 ? [0xff, byte] : [byte])
}

function recordOf(name: string) {
  const [key, value] = [bytesOf(name), new Uint8Array()]
  const exact = packExact({ key, value, headers: {} })
  const headers = exact === undefined ? null : JSON.stringify({ [EXACT_HEADER]: exact })
  return { topic: 't', key: new TextDecoder().decode(key), headers, value: null }
}

/** Eight entries in one batch, spread over partitions as Kafka's producers do. */
async function publish(setAside: readonly number[] = [], partitions?: number) {
  const world = await openDbWorld()
  for (const key of KEYS) {
    await world.writer.commit(sampleEvent(key, { records: [recordOf(key)] }))
  }
  const seqs = KEYS.map((_, index) => index + 1).filter((seq) => !setAside.includes(seq))
  const partition = (seq: number) => partitionOf(bytesOf(KEYS[seq - 1]), PARTITIONS)
  const expected = new Map<number, string>()
  const published = [...Map.groupBy(seqs, partition)].map(([at, own]) => {
    for (const [n, seq] of own.entries()) expected.set(seq, `${at}/${90 + n}`)
    const [seqFirst, seqLast] = [Math.min(...own), Math.max(...own)]
    const range = { topic: 't', partition: at, partitions, seqFirst, seqLast }
    return { ...range, records: own.length, baseOffset: '90' }
  })
  const exceptions = setAside.map((seq) => sampleException(seq, { topic: 't' }))
  await world.writer.mark(sampleMark(0, 8, { published, exceptions, at: 5 }))
  const landed = openLanded(world.database, partitionOf)
  const found = new Map<number, string>()
  for (const seq of KEYS.map((_, index) => index + 1)) {
    const at = landed({ seq, topic: 't' })
    if (at !== null) found.set(seq, `${at.partition}/${at.offset}`)
  }
  await world[Symbol.asyncDispose]()
  return { expected, found, partition }
}

test('each record of a batch is found at its own offset', async () => {
  const { expected, found } = await publish([], PARTITIONS)

  expect(new Set([...expected.values()].map((at) => at.split('/')[0])).size).toBeGreaterThan(1)
  expect(found).toEqual(expected)
})

test('where one of its partition was set aside, nothing is claimed that is not certain', async () => {
  const { expected, found, partition } = await publish([4], PARTITIONS)
  const [first, last] = [1, 8]
  const isCertain = (seq: number) => partition(seq) !== partition(4)

  expect([first, last].filter(isCertain).every((seq) => found.has(seq))).toBe(true)
  for (const [seq, at] of found) expect(at).toBe(expected.get(seq) ?? 'nothing')
  expect(found.has(4)).toBe(false)
})

test('without the number of partitions only what needs none is known', async () => {
  const { expected, found } = await publish()

  for (const [seq, at] of found) expect(at).toBe(expected.get(seq) ?? 'nothing')
  expect(found.size).toBeLessThan(expected.size)
})
