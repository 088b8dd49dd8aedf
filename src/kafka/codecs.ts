import { CompressionCodecs, CompressionTypes, RequestEncoders, ResponseDecoders } from 'kafkajs'
import { systemClock } from '../clock.ts'
import { CONSUMER_BATCH_BYTES_MAX } from '../limits/consumers.ts'
import { unpackLz4 } from './lz4.ts'
import { encodeProduce, type ProduceRequest } from './produce-request.ts'
import { readRecordBatches } from './record-batches.ts'
import { unpackSnappy } from './snappy.ts'

/** How record batches are compressed that are sent; those of snappy and lz4 are read, too. */
export type Compression = 'none' | 'gzip' | 'zstd'

export const COMPRESSION_TYPES: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
}

/** Level 1 to 3 differ by a few percent in size on JSON; higher ones cost more than they save. */
const ZSTD_LEVEL = 3

/** What is larger is an error of code ERR_BUFFER_TOO_LARGE. */
const BOUNDS = { maxOutputLength: CONSUMER_BATCH_BYTES_MAX }

/**
 * Gives kafkajs the runtime's own zstd, native and off this thread, and gzip with a bound: it has
 * gzip alone, without one. A runtime without zstd says so when it is asked for. Snappy and LZ4 are
 * only read, on this thread: 0.6 and 0.8 GB of JSON a second. And the encoder of its largest
 * request and the decoder of its largest response, by hooks that patches/ adds.
 */
export function registerCodecs(): void {
  RequestEncoders.Produce = (request: ProduceRequest) => encodeProduce(request, systemClock.now())
  ResponseDecoders.RecordBatches = readRecordBatches
  CompressionCodecs[CompressionTypes.GZIP] = () => ({
    async compress({ buffer }: { readonly buffer: Buffer }) {
      const zlib = await import('node:zlib')
      return settled((done) => zlib.gzip(buffer, done))
    },
    async decompress(buffer: Buffer) {
      const zlib = await import('node:zlib')
      return settled((done) => zlib.unzip(buffer, BOUNDS, done))
    },
  })
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    // Loaded at first use: it would take 10 ms of every start.
    async compress({ buffer }: { readonly buffer: Buffer }) {
      const zlib = await import('node:zlib')
      const params = { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL }
      return settled((done) => zlib.zstdCompress(buffer, { params }, done))
    },
    async decompress(buffer: Buffer) {
      const zlib = await import('node:zlib')
      return settled((done) => zlib.zstdDecompress(buffer, BOUNDS, done))
    },
  })
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    decompress: (buffer: Buffer) => unpackSnappy(buffer, BOUNDS.maxOutputLength),
  })
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    decompress: (buffer: Buffer) => unpackLz4(buffer, BOUNDS.maxOutputLength),
  })
}

type Done = (error: Error | null, result: Buffer) => void

function settled(start: (done: Done) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result) : reject(error)))
  })
}
