import { describe, expect, test } from 'bun:test'
import { proveLanded, type Ack, type LastOffsets } from '../../src/kafka/acks.ts'

const SENT = [
  { topic: 'orders', partition: 0, positions: [0, 2] },
  { topic: 'orders', partition: 1, positions: [1] },
]

function ack(partition: number, baseOffset: string, errorCode = 0): Ack {
  return { topicName: 'orders', partition, errorCode, baseOffset }
}

describe('the answer to a send', () => {
  test('proves where the records landed', () => {
    expect(proveLanded(SENT, [ack(1, '7'), ack(0, '5')], new Map())).toEqual([
      { topic: 'orders', partition: 0, baseOffset: '5', positions: [0, 2] },
      { topic: 'orders', partition: 1, baseOffset: '7', positions: [1] },
    ])
  })

  test.each<[string, readonly Ack[]]>([
    ['a partition missing', [ack(0, '5')]],
    ['another topic in its place', [ack(0, '5'), { ...ack(1, '7'), topicName: 'users' }]],
    ['an error code', [ack(0, '5'), ack(1, '7', 3)]],
    ['no offset', [ack(0, '5'), { topicName: 'orders', partition: 1, errorCode: 0 }]],
    ['the offset of an error', [ack(0, '5'), ack(1, '-1')]],
  ])('proves nothing with %s', (_, acks) => {
    expect(() => proveLanded(SENT, acks, new Map())).toThrow('orders/1 did not acknowledge')
  })

  test('proves nothing with an offset that an earlier send was given', () => {
    const lastOffsets: LastOffsets = new Map()
    proveLanded(SENT, [ack(0, '5'), ack(1, '7')], lastOffsets)
    expect(() => proveLanded(SENT, [ack(0, '5'), ack(1, '8')], lastOffsets)).toThrow(
      'orders/0 acknowledged an earlier send',
    )
    expect(() => proveLanded(SENT, [ack(0, '6'), ack(1, '8')], lastOffsets)).toThrow('earlier send')
  })

  test('may come twice from a partition: the first copy counts, the next send lies behind the second', () => {
    const lastOffsets: LastOffsets = new Map()
    const acks = [ack(0, '9'), ack(0, '5'), ack(1, '7')]
    expect(proveLanded(SENT, acks, lastOffsets)[0]?.baseOffset).toBe('5')
    expect(lastOffsets.get('orders/0')).toBe(10n)
  })
})
