import { systemClock } from '../../src/clock.ts'

/** A socket that gets no answer in this time is given up: half of the requests are cut short. */
const SILENCE_MS = 60
/** After the first answer so long for those to further requests on the same socket. */
const MORE_MS = 5
const DRIP_MS = 500
const HEAD = 'POST /hooks/github HTTP/1.1\r\nhost: gateway.test\r\n'

/** Sends bytes on their own connection. Resolves to the statuses that came back; 0: none did. */
export async function speak(url: string, bytes: Uint8Array): Promise<number[]> {
  const { hostname, port } = new URL(url)
  const ended = Promise.withResolvers<void>()
  let answer = ''
  let rest = bytes
  const write = (socket: Bun.Socket) => {
    const written = Math.max(0, socket.write(rest))
    rest = rest.subarray(written)
  }
  const patience = new AbortController()
  try {
    const socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open: write,
        drain: write,
        data(_, chunk) {
          if (answer === '') setTimeout(() => patience.abort(), MORE_MS)
          answer += chunk.toString('latin1')
        },
        close: () => ended.resolve(),
        error: () => ended.resolve(),
      },
    })
    await Promise.race([ended.promise, systemClock.sleep(SILENCE_MS, patience.signal)])
    patience.abort()
    socket.terminate()
  } catch {
    // Refused or reset: no answer.
  }
  const statuses = [...answer.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, code]) => Number(code))
  return statuses.length === 0 ? [0] : statuses
}

/** Connections that say a little, for ever: half of them within the head, half within the body. */
export function openSlowSenders(url: string, count: number): { close(): void } {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Bun.Socket>()
  const starts = [HEAD, `${HEAD}content-length: 1000\r\n\r\n`]
  let isClosed = false
  const open = (start: string) =>
    void Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          sockets.add(socket)
          socket.write(start)
        },
        data() {},
        close(socket) {
          sockets.delete(socket)
          // Whoever is cut off comes again.
          if (!isClosed) open(start)
        },
      },
    }).catch(() => undefined)
  for (let at = 0; at < count; at += 1) open(starts[at % starts.length] ?? HEAD)
  const dripping = setInterval(() => {
    for (const socket of sockets) socket.write('x')
  }, DRIP_MS)
  return {
    close() {
      isClosed = true
      clearInterval(dripping)
      for (const socket of sockets) socket.terminate()
    },
  }
}

const CHUNK = Buffer.from(`100000\r\n${'x'.repeat(0x10_00_00)}\r\n`)

/** Sends bodies of so many MiB, their length undeclared, on so many connections, and no end. */
export function openUploads(url: string, count: number, mib: number): { close(): void } {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Bun.Socket>()
  const head = Buffer.from(`${HEAD}transfer-encoding: chunked\r\n\r\n`)
  const bytes = Buffer.concat([head, ...Array.from({ length: mib }, () => CHUNK)])
  function open(): void {
    let at = 0
    const write = (socket: Bun.Socket) => {
      at += Math.max(0, socket.write(bytes.subarray(at)))
    }
    void Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          sockets.add(socket)
          write(socket)
        },
        drain: write,
        data() {},
      },
    }).catch(() => undefined)
  }
  for (let opened = 0; opened < count; opened += 1) open()
  return {
    close() {
      for (const socket of sockets) socket.terminate()
    },
  }
}
