import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'

/** How a request came in. Each is made when it is asked for: a refusal needs neither. */
export interface Arrival {
  /** The address at the other end of the connection: a proxy's, where there is one. */
  readonly peer: string
  /** What stands in the path where its pattern has `:name`. */
  readonly parameters: Readonly<Record<string, string>>
}

export interface ListenOptions {
  readonly clock: Clock
  readonly host: string
  readonly port: number
  /** `peer` is that of an `Arrival`. */
  readonly fetch: (request: Request, peer: string) => Response | Promise<Response>
  /**
   * What answers POST requests to this path instead, `:name` in it being a parameter. Bun finds it
   * by itself; a router would make the URL first, and look for the path in it.
   */
  readonly post?: {
    readonly path: string
    readonly answer: (request: Request, arrival: Arrival) => Response | Promise<Response>
  }
  /** What answers when `fetch` itself throws: a bug, logged and hidden from the sender. */
  readonly onError: (error: unknown) => Response
}

/** An HTTP server that is listening. */
export interface Listening {
  readonly url: string
  /**
   * Asks senders to let go of their connections, then takes no more, and resolves once every
   * request in flight is answered, or cut off after `msMax`.
   */
  close(msMax: number): Promise<void>
}

/**
 * A connection that says nothing for this long is closed, in seconds. Longer than the slowest
 * sender pauses within a request, and short enough that an attacker pays for each connection
 * that is held open.
 */
const IDLE_S = 30

/**
 * How long answers still go out with `Connection: close` before connections are closed, in ms: a
 * sender that keeps one open may be writing its next request on it just now, and would not know
 * whether that was taken.
 */
const LET_GO_MS = 500

/** The peer of a connection that is closed already. */
const GONE = 'gone'

/** @throws GatewayError LISTEN_FAILED where the address cannot be had. */
export function listen(options: ListenOptions): Listening {
  let isClosing = false
  const { post } = options
  try {
    const server = Bun.serve<undefined, string>({
      hostname: options.host,
      port: options.port,
      development: false,
      // Bun 1.4.5 shares the port between processes where `development` is false and this is not.
      reusePort: false,
      idleTimeout: IDLE_S,
      // Our own limit answers with a problem document. What still comes is then thrown away as
      // it arrives: closing at once would reset the connection, and nobody would read why.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch(request, asked) {
        const answer = options.fetch(request, peerOf(request, asked))
        return isClosing ? lettingGo(answer) : answer
      },
      routes:
        post === undefined
          ? {}
          : {
              [post.path]: {
                POST(request, asked) {
                  const answer = post.answer(request, new RoutedArrival(request, asked))
                  return isClosing ? lettingGo(answer) : answer
                },
              },
            },
      error: options.onError,
    })
    return {
      url: server.url.origin,
      async close(msMax) {
        isClosing = true
        await options.clock.sleep(Math.min(LET_GO_MS, msMax / 4))
        const patience = new AbortController()
        const answered = server.stop().then(() => patience.abort())
        await Promise.race([answered, options.clock.sleep(msMax, patience.signal)])
        await server.stop(true)
      },
    }
  } catch (error) {
    const address = `${options.host}:${options.port}`
    throw new GatewayError('LISTEN_FAILED', `${address}: ${messageOf(error)}`, { cause: error })
  }
}

function peerOf(request: Request, server: Bun.Server<undefined>): string {
  return server.requestIP(request)?.address ?? GONE
}

/** One that Bun found the route of. */
class RoutedArrival implements Arrival {
  readonly #request: Bun.BunRequest
  readonly #server: Bun.Server<undefined>

  constructor(request: Bun.BunRequest, server: Bun.Server<undefined>) {
    this.#request = request
    this.#server = server
  }

  get peer(): string {
    return peerOf(this.#request, this.#server)
  }

  get parameters(): Readonly<Record<string, string>> {
    return this.#request.params
  }
}

async function lettingGo(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer
  response.headers.set('connection', 'close')
  return response
}
