import { readFileSync } from 'node:fs'
import type { Clock } from '../../src/clock.ts'
import { openCallOut } from '../../src/outbound/call-out.ts'
import type { CallOut } from '../../src/outbound-call.ts'
import { issue, makeAuthority } from './certificates.ts'
import { makeTempDir } from './temp.ts'

/** A provider's https server, with a certificate of an authority of our own. */
export interface KeyServer extends AsyncDisposable {
  /** What it was asked, one line a request. */
  readonly asked: string[]
  /** What it answers from now on. */
  answer: (request: Request) => Response | Promise<Response>
  /** Its host as it stands in a URL. */
  readonly host: string
  /** A way out that reaches it. */
  callOut(clock: Clock): CallOut
}

/** Starts one under the name `keys.example.test`. */
export async function startKeyServer(): Promise<KeyServer> {
  const folder = await makeTempDir()
  const authority = makeAuthority(folder.path, 'authority')
  const files = issue(authority, folder.path, 'server', 'DNS:keys.example.test')
  const ca = readFileSync(authority.cert, 'utf8')
  const asked: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') },
    fetch(request) {
      asked.push(`${request.method} ${new URL(request.url).pathname}`)
      return keyServer.answer(request)
    },
  })
  const keyServer: KeyServer = {
    asked,
    answer: () => new Response(null, { status: 404 }),
    host: `keys.example.test:${server.port}`,
    callOut: (clock) =>
      openCallOut({
        clock,
        ca,
        resolve: () => Promise.resolve(['127.0.0.1']),
        mayConnect: (address) => address === '127.0.0.1',
      }),
    async [Symbol.asyncDispose]() {
      await server.stop(true)
      await folder[Symbol.asyncDispose]()
    },
  }
  return keyServer
}
