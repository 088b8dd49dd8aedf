import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../test/support/server-process.ts'
import { countRows, type Receiver } from './contestants.ts'
import { startServer } from './server.ts'
import { buildSyncDelay } from './sync-delay.ts'

const PEERS_DIR = join(import.meta.dir, 'peers')
const SQLITE_DIR = join(PEERS_DIR, 'node_modules', 'better-sqlite3')

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

/**
 * Installs what they need that the project does not, of the npm registry alone: a ready binary of
 * better-sqlite3 and the headers of Node.js would come from elsewhere. So it is compiled, and the
 * headers are those of the Node.js that npm has as a package, where the one here came without.
 */
export function installPeers(): void {
  if (existsSync(join(SQLITE_DIR, 'build', 'Release', 'better_sqlite3.node'))) return
  for (const program of ['node', 'npm', 'python3', 'make', 'g++']) {
    if (Bun.which(program) === null) throw new Error(`--compare needs ${program}`)
  }
  console.error('the peers are missing: installing them, and compiling better-sqlite3')
  npmInstall([])
  const nodeGyp = join(PEERS_DIR, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')
  const build = [nodeGyp, 'rebuild', '--release', `--nodedir=${nodeHeaders()}`]
  runOrThrow(['node', ...build], SQLITE_DIR)
}

/** The folder whose `include/node` has the headers of the Node.js that is installed. */
function nodeHeaders(): string {
  const [prefix = '', version = '', arch = ''] = Bun.spawnSync([
    'node',
    '-p',
    "[require('path').resolve(process.execPath, '../..'), process.versions.node, process.arch].join()",
  ])
    .stdout.toString()
    .trim()
    .split(',')
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) return prefix
  // What is compiled for a version runs on all of the same major one.
  const name = `node-linux-${arch}`
  npmInstall(['--no-save', `${name}@${Number.parseInt(version, 10)}`])
  return join(PEERS_DIR, 'node_modules', name)
}

function npmInstall(args: readonly string[]): void {
  const how = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund']
  runOrThrow(['npm', 'install', ...how, ...args], PEERS_DIR)
}

function runOrThrow(command: readonly string[], cwd: string): void {
  const { success, stderr } = Bun.spawnSync([...command], { cwd, stdout: 'ignore' })
  if (!success) throw new Error(`failed: ${command.join(' ')}\n${stderr.toString()}`)
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
