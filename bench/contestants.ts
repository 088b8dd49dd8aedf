import { join } from 'node:path'
import { Database } from 'bun:sqlite'
import { z } from 'zod'
import { findFreePort } from '../test/support/server-process.ts'
import { publishedKafkajs } from './published-kafkajs.ts'
import { startServer, type Server } from './server.ts'

const ROOT = join(import.meta.dir, '..')
export const BINARY = join(ROOT, 'dist', 'inlet')

/** A server that takes webhooks. */
export interface Contestant extends Server {
  readonly url: string
}

/** One that stores what it accepts. */
export interface Receiver extends Contestant {
  /** Ends it in order, and counts the events that are on its disk. */
  stopAndCount(): Promise<number>
}

/** `dist/inlet serve`. */
export interface Gateway extends Receiver {
  readonly adminUrl: string
  /** How many records are stored and not yet published. */
  pending(): Promise<number>
}

export interface GatewayOptions {
  readonly directory: string
  readonly cpu: number
  readonly source: string
  readonly secret: string
  readonly sink: 'file' | 'unreachable'
  readonly logLevel: string
  /** What else it must find in its environment. */
  readonly env: Readonly<Record<string, string>>
}

/** Compiles dist/inlet from the sources as they are. */
export function buildBinary(): void {
  const built = Bun.spawnSync([process.execPath, 'scripts/build.ts'], { cwd: ROOT })
  if (!built.success) throw new Error(`the build failed:\n${built.stderr.toString()}`)
}

/** Starts the server that only reads and answers, on the runtime that is also in the binary. */
export async function startBare(options: { directory: string; cpu: number }): Promise<Contestant> {
  return startScript('bare.ts', [], options)
}

/** Starts the server that hands what it reads to kafkajs, and answers before that is published. */
export async function startBarePublisher(options: {
  directory: string
  cpu: number
  brokers: string
  topic: string
}): Promise<Contestant> {
  const { directory, brokers, topic } = options
  return startScript('bare-publisher.ts', [publishedKafkajs(directory), brokers, topic], options)
}

async function startScript(
  script: string,
  args: readonly string[],
  { directory, cpu }: { directory: string; cpu: number },
): Promise<Contestant> {
  const port = findFreePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startServer({
    command: [process.execPath, join(import.meta.dir, script), String(port), ...args],
    cpu,
    cwd: directory,
    env: {},
    readyUrl: url,
  })
  return { ...server, url }
}

/** Starts the gateway without handlers, on the database in `data`, or on a new one. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const port = findFreePort()
  const adminPort = findFreePort()
  const dataDir = join(options.directory, 'data')
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const readyUrl = `${adminUrl}/readyz`
  const server = await startServer({
    command: [BINARY, 'serve'],
    cpu: options.cpu,
    cwd: options.directory,
    env: {
      PORT: String(port),
      INLET_HOST: '127.0.0.1',
      INLET_ADMIN_PORT: String(adminPort),
      INLET_DATA_DIR: dataDir,
      INLET_SOURCES: options.source,
      [`INLET_SECRET_${options.source.toUpperCase()}`]: options.secret,
      LOG_LEVEL: options.logLevel,
      ...sinkSettings(options.sink),
      ...options.env,
    },
    readyUrl,
  })
  return {
    ...server,
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    async pending() {
      return Health.parse(await (await fetch(readyUrl)).json()).relay.pending
    },
    async stopAndCount() {
      await server.stop()
      return countRows(join(dataDir, 'inlet.db'), ACCEPTED)
    },
  }
}

const Health = z.object({ relay: z.object({ pending: z.number() }) })
const Count = z.object({ events: z.number() })
const ACCEPTED = "select count(*) as events from inbox where state = 'accepted'"

function sinkSettings(sink: GatewayOptions['sink']): Record<string, string> {
  if (sink === 'file') return { INLET_SINK: 'file' }
  // Nothing listens on port 1: a Kafka that is down, so that the relay waits and takes no time.
  return { INLET_SINK: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' }
}

/** How many events a database holds. */
export function countRows(path: string, query: string): number {
  using database = new Database(path, { readonly: true })
  return Count.parse(database.query(query).get()).events
}
