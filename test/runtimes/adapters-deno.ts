/** The adapters on Deno: a line of JSON a message, on standard input and output. */
import process from 'node:process'
import { createInterface } from 'node:readline'
import { openRedisHint } from '../../src/idempotency/redis.ts'
import { openUpstashHint } from '../../src/idempotency/upstash.ts'
import { serveAdapters } from './adapters.ts'

const hear = serveAdapters(
  (line) => process.stdout.write(`${line}\n`),
  (way, options) =>
    way.kind === 'redis' ? openRedisHint(way.url, options) : openUpstashHint(way, options),
)
for await (const line of createInterface({ input: process.stdin })) hear(line)
process.exit(0)
