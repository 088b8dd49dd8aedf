import * as fc from 'fast-check'

/** Bytes of which some repeat, near and far: up to 300 KB. */
export const repetitive: fc.Arbitrary<Buffer> = fc
  .array(
    fc.record({
      bytes: fc.uint8Array({ maxLength: 200 }),
      times: fc.oneof(fc.nat(3), fc.nat(300)),
    }),
    { maxLength: 5 },
  )
  .map((parts) => {
    const whole = parts.flatMap(({ bytes, times }) => Array.from({ length: times }, () => bytes))
    return Buffer.concat([...whole, ...parts.map(({ bytes }) => bytes)])
  })

/** Something that was packed, with a few bytes changed from `from` on, and perhaps cut. */
export function changed(pack: (bytes: Buffer) => Buffer, from = 0): fc.Arbitrary<Buffer> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })
  const cut = fc.oneof(fc.constant(0), fc.nat(20))
  return fc.tuple(repetitive, changes, cut).map(([bytes, set, cutBytes]) => {
    const packed = Buffer.from(pack(bytes))
    const { length } = packed
    for (const [at, byte] of set) if (length > from) packed[from + (at % (length - from))] = byte
    return packed.subarray(0, Math.max(0, length - cutBytes))
  })
}
