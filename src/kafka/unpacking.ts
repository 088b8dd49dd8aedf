/** What Snappy and LZ4 have in common: bytes that are taken over, and earlier ones that repeat. */

/** Bytes that are unpacked, and where in them. Nothing beyond either end is read or written. */
export interface Unpacking {
  readonly input: Uint8Array
  at: number
  /** Where the input ends. */
  end: number
  output: Buffer
  /** How much of the output there is. */
  written: number
}

/** Up to here a loop is faster than a call: with 8, or with 128, JSON takes a fifth more. */
const LOOP_BYTES_MAX = 32

/**
 * Reads a whole number of so many bytes, the lowest first.
 *
 * @throws RangeError where the input ends before.
 */
export function takeNumber(unpacking: Unpacking, bytes: number): number {
  const { input, at, end } = unpacking
  if (at + bytes > end) throw new RangeError('it ends too early')
  let value = 0
  for (let n = bytes - 1; n >= 0; n -= 1) value = value * 256 + (input[at + n] ?? 0)
  unpacking.at = at + bytes
  return value
}

/**
 * Takes bytes over as they are.
 *
 * @throws RangeError where there are not as many, or no room for them.
 */
export function takeLiterals(unpacking: Unpacking, bytes: number): void {
  const { input, at, end, output, written } = unpacking
  if (at + bytes > end) throw new RangeError('it ends too early')
  if (written + bytes > output.length) throw new RangeError('it is longer than it may be')
  if (bytes > LOOP_BYTES_MAX) output.set(input.subarray(at, at + bytes), written)
  else for (let n = 0; n < bytes; n += 1) output[written + n] = input[at + n] ?? 0
  unpacking.at = at + bytes
  unpacking.written = written + bytes
}

/**
 * Repeats bytes that began so far back. Where that is less than there are, they repeat themselves.
 *
 * @throws RangeError where that is before the first, or there is no room for them.
 */
export function repeat(unpacking: Unpacking, back: number, bytes: number): void {
  const { output, written } = unpacking
  const from = written - back
  if (back === 0 || from < 0) throw new RangeError('it repeats what is not there')
  if (written + bytes > output.length) throw new RangeError('it is longer than it may be')
  if (bytes > LOOP_BYTES_MAX && back >= bytes) output.copyWithin(written, from, from + bytes)
  else for (let n = 0; n < bytes; n += 1) output[written + n] = output[from + n] ?? 0
  unpacking.written = written + bytes
}
