import { CompressionCodecs, CompressionTypes } from 'kafkajs'

/** How record batches are compressed. */
export type Compression = 'none' | 'gzip' | 'zstd'

export const COMPRESSION_TYPES: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
}

/** Level 1 to 3 differ by a few percent in size on JSON; higher ones cost more than they save. */
const ZSTD_LEVEL = 3

/** Gives kafkajs, which brings gzip alone, Bun's own zstd: native, and off this thread. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { readonly buffer: Buffer }) =>
      Bun.zstdCompress(buffer, { level: ZSTD_LEVEL }),
    decompress: (buffer: Buffer) => Bun.zstdDecompress(buffer),
  })
}
