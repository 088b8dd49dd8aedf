import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../test/support/server-process.ts'
import { countRows, type Receiver } from './contestants.ts'
import { startServer } from './server.ts'
import { buildSyncDelay } from './sync-delay.ts'

const PEERS_DIR = join(import.meta.dir, 'peers')

/** What a team could run instead, each with one commit on disk before its 202. */
const PEERS = {
  'hono-drizzle': [process.execPath, join(PEERS_DIR, 'hono-drizzle.ts')],
  fastify: ['node', join(PEERS_DIR, 'fastify.js')],
} as const

export interface PeerOptions {
  readonly directory: string
  readonly cpu: number
  readonly secret: string
  readonly syncDelayMs: number | undefined
}

/** A receiver by another name than ours. */
export interface Peer extends Receiver {
  readonly name: string
}

/** Installs what they need that the project does not. */
export function installPeers(): void {
  if (existsSync(join(PEERS_DIR, 'node_modules', 'better-sqlite3'))) return
  for (const program of ['node', 'npm']) {
    if (Bun.which(program) === null) throw new Error(`--compare needs ${program}, of Node.js`)
  }
  const how = ['npm', 'install', '--no-package-lock', '--no-audit', '--no-fund']
  console.error(`the peers are missing: ${how.join(' ')}`)
  const installed = Bun.spawnSync(how, { cwd: PEERS_DIR, stdout: 'ignore', stderr: 'inherit' })
  if (!installed.success) throw new Error(`failed: ${how.join(' ')}`)
}

/** Starts all peers, each with an empty database. */
export async function startPeers(options: PeerOptions): Promise<Peer[]> {
  const peers: Peer[] = []
  for (const [name, command] of Object.entries(PEERS)) {
    peers.push({ name, ...(await startPeer(command, join(options.directory, name), options)) })
  }
  return peers
}

async function startPeer(
  command: readonly string[],
  directory: string,
  { cpu, secret, syncDelayMs }: PeerOptions,
): Promise<Receiver> {
  mkdirSync(directory)
  const port = findFreePort()
  const url = `http://127.0.0.1:${port}`
  const database = join(directory, 'peer.db')
  const syncDelay = syncDelayMs === undefined ? undefined : buildSyncDelay(syncDelayMs, directory)
  const server = await startServer({
    command,
    cpu,
    cwd: directory,
    env: { PORT: String(port), DATABASE: database, SECRET: secret, ...syncDelay?.env },
    readyUrl: url,
  })
  return {
    ...server,
    url,
    async stopAndCount() {
      await server.stop()
      return countRows(database, 'select count(*) as events from outbox')
    },
  }
}
