/**
 * 53 bits of a hash, so that it is an exact number. A stable algorithm: what it returns is stored.
 */
export function hash53(data: string | Uint8Array, seed?: bigint): number {
  return Number(Bun.hash.xxHash64(data, seed) & 0x1f_ffff_ffff_ffffn)
}
