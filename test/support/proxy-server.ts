import { join } from 'node:path'
import { findFreePort, makeServerFolder, startServerProcess } from './server-process.ts'

const DEPLOYED = join(import.meta.dir, '../../deploy/haproxy.cfg')

/**
 * The program; null where it is not installed. `./scripts/test.sh` installs it. Debian keeps it
 * where only root looks.
 */
export const haproxy = Bun.which('haproxy', { PATH: `${process.env['PATH']}:/usr/sbin` })

/** A proxy in front of one gateway. */
export interface ProxyServer extends AsyncDisposable {
  readonly url: string
}

/**
 * Starts HAProxy with the configuration of `deploy/`, on a free port, in front of `port`.
 * `change` is given its text.
 */
export async function startProxy(
  port: number,
  change: (text: string) => string = (text) => text,
): Promise<ProxyServer> {
  if (haproxy === null) throw new Error('haproxy is not installed')
  const folder = makeServerFolder('haproxy')
  const file = join(folder, 'haproxy.cfg')
  const own = findFreePort()
  const text = await Bun.file(DEPLOYED).text()
  const moved = text
    .replace('bind :80\n', `bind 127.0.0.1:${own}\n`)
    .replace('127.0.0.1:8080', `127.0.0.1:${port}`)
  await Bun.write(file, change(moved))
  const server = await startServerProcess({
    name: 'haproxy',
    folder,
    command: [haproxy, '-db', '-f', file],
    isReady: async () => (await fetch(`http://127.0.0.1:${own}/`)).status === 404,
  })
  return {
    url: `http://127.0.0.1:${own}`,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
