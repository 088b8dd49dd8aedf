import { connect } from 'node:net'
import {
  findFreePort,
  makeServerFolder,
  startServerProcess,
  type ServerProcess,
} from './server-process.ts'

/** A real Redis on loopback that keeps nothing on disk unless it is told to SAVE. */
export interface RedisServer extends ServerProcess {
  /** For `REDIS_URL`: `redis://127.0.0.1:<port>`. */
  readonly url: string
}

/**
 * Starts a Redis in a temporary folder of its own, with further settings as arguments. It is ready
 * when it answers PING.
 */
export async function startRedis(further: readonly string[] = []): Promise<RedisServer> {
  if (Bun.which('redis-server') === null) {
    throw new Error(
      'redis-server is missing: install it, or set REDIS_URL. ./scripts/test.sh does.',
    )
  }
  const folder = makeServerFolder('redis')
  const port = findFreePort()
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    ...further,
  ]
  const server = await startServerProcess({
    name: 'Redis',
    folder,
    command: ['redis-server', ...settings],
    isReady: () => isReady(port),
  })
  return Object.assign(server, { url: `redis://127.0.0.1:${port}` })
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (reply) => {
      socket.destroy()
      resolve(reply.toString() === '+PONG\r\n')
    })
    socket.once('error', reject)
  })
}
