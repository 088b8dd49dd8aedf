/** Listening as Deno does. */
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { Listening, ListenOptions } from '../wiring/listen.ts'

/** What is used of Deno: its own types would take the place of Bun's. */
declare const Deno: {
  serve(
    options: {
      readonly hostname: string
      readonly port: number
      readonly signal: AbortSignal
      readonly onListen: () => void
      readonly onError: (error: unknown) => Response
    },
    answer: (
      request: Request,
      info: { readonly remoteAddr: { readonly hostname: string } },
    ) => Response | Promise<Response>,
  ): {
    readonly addr: { readonly hostname: string; readonly port: number }
    readonly finished: Promise<void>
    shutdown(): Promise<void>
  }
}

/**
 * How long answers still go out with `Connection: close` before connections are closed, in ms: see
 * wiring/listen.ts.
 */
const LET_GO_MS = 500

/** @throws GatewayError LISTEN_FAILED where the address cannot be had. */
export function serveOnDeno(options: Omit<ListenOptions, 'post'>): Listening {
  const { clock, host: hostname, port, onError } = options
  const cutOff = new AbortController()
  let isClosing = false
  try {
    const server = Deno.serve(
      { hostname, port, onError, signal: cutOff.signal, onListen: () => undefined },
      async (request, { remoteAddr }) => {
        const response = await options.fetch(request, remoteAddr.hostname)
        if (isClosing) response.headers.set('connection', 'close')
        return response
      },
    )
    const { addr } = server
    const name = addr.hostname.includes(':') ? `[${addr.hostname}]` : addr.hostname
    return {
      url: `http://${name}:${addr.port}`,
      async close(msMax) {
        isClosing = true
        await clock.sleep(Math.min(LET_GO_MS, msMax / 4))
        const patience = new AbortController()
        let isAnswered = false
        const answered = server.shutdown().then(() => {
          isAnswered = true
          patience.abort()
        })
        await Promise.race([answered, clock.sleep(msMax, patience.signal)])
        // Deno throws where there is nothing left to cut off.
        if (!isAnswered) cutOff.abort()
        await server.finished
      },
    }
  } catch (error) {
    const reason = `${hostname}:${port}: ${messageOf(error)}`
    throw new GatewayError('LISTEN_FAILED', reason, { cause: error })
  }
}
