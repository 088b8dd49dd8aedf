/** The adapters in a Worker: a message a frame of a WebSocket, and all within one invocation. */
import { openUpstashHint } from '../../src/idempotency/upstash.ts'
import { noHint } from '../../src/idempotency/none.ts'
import { serveAdapters } from './adapters.ts'

/** What Workers have beside the standard. */
interface Socket {
  accept(): void
  send(text: string): void
  addEventListener(name: 'message', listener: (event: { readonly data: unknown }) => void): void
}
declare const WebSocketPair: new () => { readonly 0: Socket; readonly 1: Socket }

/** Answers the request that opens the WebSocket. */
export function openSocket(): Response {
  const { 0: theirs, 1: ours } = new WebSocketPair()
  ours.accept()
  const hear = serveAdapters(
    (line) => ours.send(line),
    (way, options) => (way.kind === 'upstash' ? openUpstashHint(way, options) : noHint),
  )
  ours.addEventListener('message', ({ data }) => hear(String(data)))
  const upgrade = { status: 101, webSocket: theirs }
  return new Response(null, upgrade)
}
