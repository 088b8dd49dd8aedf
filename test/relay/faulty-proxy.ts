import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Kafka's number for the request that stores records. */
const PRODUCE = 0

/**
 * What happens to a produce request or its answer: `cut` closes the connection instead of passing
 * it on.
 */
export type Verdict = 'pass' | 'swallow' | 'cut'

export interface FaultyProxyOptions {
  readonly port: number
  /** Where Kafka really listens. */
  readonly target: { readonly host: string; readonly port: number }
}

/**
 * Stands between a client and Kafka, and loses what it is told to: the network that cannot be had
 * on demand.
 */
export interface FaultyProxy extends AsyncDisposable {
  onRequest: () => Verdict
  onAnswer: () => Verdict
}

export async function startFaultyProxy({ port, target }: FaultyProxyOptions): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  const proxy: FaultyProxy = {
    onRequest: () => 'pass',
    onAnswer: () => 'pass',
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }

  const server = createServer((client) => {
    const broker = connect(target)
    const produces = new Set<number>() // correlation ids that wait for an answer
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    function cut() {
      client.destroy()
      broker.destroy()
    }
    function pass(frame: Buffer, to: Socket, verdict: Verdict) {
      if (verdict === 'pass') to.write(frame)
      else if (verdict === 'cut') cut()
    }
    forEachFrame(client, (frame) => {
      const isProduce = frame.readInt16BE(4) === PRODUCE
      if (isProduce) produces.add(frame.readInt32BE(8))
      pass(frame, broker, isProduce ? proxy.onRequest() : 'pass')
    })
    forEachFrame(broker, (frame) => {
      const isProduce = produces.delete(frame.readInt32BE(4))
      pass(frame, client, isProduce ? proxy.onAnswer() : 'pass')
    })
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return proxy
}

/** Kafka's frames are a length of four bytes and so many bytes. */
function forEachFrame(socket: Socket, take: (frame: Buffer) => void): void {
  let buffered = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
      const length = 4 + buffered.readInt32BE(0)
      take(Buffer.from(buffered.subarray(0, length)))
      buffered = buffered.subarray(length)
    }
  })
}
