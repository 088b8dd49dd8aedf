const SEED = 0x9747b28c
const M = 0x5bd1e995

/** Kafka's murmur2 (org.apache.kafka.common.utils.Utils), signed 32-bit as Java has it. */
export function murmur2(bytes: Uint8Array): number {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tail = bytes.length & ~3
  let h = SEED ^ bytes.length
  for (let i = 0; i < tail; i += 4) {
    let k = Math.imul(words.getInt32(i, true), M)
    k = Math.imul(k ^ (k >>> 24), M)
    h = Math.imul(h, M) ^ k
  }
  if (tail < bytes.length) {
    let last = 0
    for (let i = bytes.length - 1; i >= tail; i -= 1) last = (last << 8) | words.getUint8(i)
    h = Math.imul(h ^ last, M)
  }
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

/** The partition that Java's default partitioner gives to a key: all producers of a topic agree. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
