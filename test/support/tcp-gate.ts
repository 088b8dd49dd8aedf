import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * A TCP proxy on loopback that does what networks do to answers, on command: real servers cannot be
 * told to lose the reply to a command that they have executed.
 */
export interface TcpGate extends AsyncDisposable {
  readonly port: number
  /** Keeps every reply back until `letGo`. */
  hold(): void
  letGo(): void
  /** Swallows the next reply, and ends its connection. */
  loseNextReply(): void
  /** Ends all connections and every new one, until `open`. */
  shut(): void
  open(): void
  /** Resolves when no client is connected. */
  deserted(): Promise<void>
}

/** Opens a gate in front of a server. */
export async function openTcpGate(target: { host: string; port: number }): Promise<TcpGate> {
  const clients = new Set<Socket>()
  const deserted = new Set<() => void>()
  let held: (() => void)[] | undefined
  let losesNext = false
  let isShut = false

  const server = createServer((client) => {
    client.on('error', () => {}) // 'close' follows
    if (isShut) {
      client.destroy()
      return
    }
    const upstream = connect(target.port, target.host)
    upstream.on('error', () => {})
    clients.add(client)
    client.on('data', (request) => upstream.write(request))
    upstream.on('data', (reply) => {
      if (losesNext) {
        losesNext = false
        client.destroy()
      } else if (held === undefined) client.write(reply)
      else held.push(() => client.write(reply))
    })
    upstream.on('close', () => client.destroy())
    client.on('close', () => {
      upstream.destroy()
      clients.delete(client)
      if (clients.size > 0) return
      for (const resolve of deserted) resolve()
      deserted.clear()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  function letGo(): void {
    const replies = held ?? []
    held = undefined
    for (const send of replies) send()
  }
  function shut(): void {
    isShut = true
    for (const client of clients) client.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      held ??= []
    },
    letGo,
    loseNextReply() {
      losesNext = true
    },
    shut,
    open() {
      isShut = false
    },
    deserted() {
      if (clients.size === 0) return Promise.resolve()
      return new Promise((resolve) => deserted.add(resolve))
    },
    async [Symbol.asyncDispose]() {
      shut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
