import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { systemClock } from '../../src/clock.ts'

/** Kafka's number for the request that stores records. */
const PRODUCE = 0

/**
 * What happens to a produce request or its answer: `cut` closes the connection instead of passing
 * it on, `cut inside` after the first half of it; with `delayMs` it comes later, and so does
 * everything behind it.
 */
export type Verdict = 'pass' | 'swallow' | 'cut' | 'cut inside' | { readonly delayMs: number }

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
    const toBroker = openLane(broker, cut)
    const toClient = openLane(client, cut)
    forEachFrame(client, (frame) => {
      const isProduce = frame.readInt16BE(4) === PRODUCE
      if (isProduce) produces.add(frame.readInt32BE(8))
      toBroker(frame, isProduce ? proxy.onRequest() : 'pass')
    })
    forEachFrame(broker, (frame) => {
      const isProduce = produces.delete(frame.readInt32BE(4))
      toClient(frame, isProduce ? proxy.onAnswer() : 'pass')
    })
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return proxy
}

/** One direction of a connection: frames leave it in the order in which they came. */
function openLane(to: Socket, cut: () => void): (frame: Buffer, verdict: Verdict) => void {
  let last: Promise<void> | undefined

  function pass(frame: Buffer, verdict: Verdict): void {
    if (verdict === 'cut') cut()
    else if (verdict === 'cut inside') to.write(frame.subarray(0, frame.length / 2), cut)
    else if (verdict !== 'swallow') to.write(frame)
  }
  return (frame, verdict) => {
    if (typeof verdict === 'object') {
      const { delayMs } = verdict
      last = (last ?? Promise.resolve()).then(() => systemClock.sleep(delayMs))
    }
    if (last === undefined) pass(frame, verdict)
    else last = last.then(() => pass(frame, verdict))
  }
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
