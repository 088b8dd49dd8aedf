import { z } from 'zod'

/**
 * Upstash's REST protocol in front of a real Redis, as far as the SDK speaks it: commands,
 * pipelines, transactions.
 */
export interface UpstashFacade extends AsyncDisposable {
  readonly port: number
  /** What the SDK must send as its token. */
  readonly token: string
  /** How many requests it took. */
  readonly requests: number
  /**
   * `unavailable` answers 503 with a page of HTML, as a load balancer does. `twice` executes every
   * command twice and answers the second time, as one that tries again does when the first reply
   * gets lost on its way.
   */
  fault: 'none' | 'unavailable' | 'twice'
}

type Reply = { readonly result: unknown } | { readonly error: string }

const Command = z.tuple([z.string()], z.union([z.string(), z.number()]))
const Commands = z.array(Command)
type Command = z.output<typeof Command>

/** Starts the facade on a free loopback port. */
export async function startUpstashFacade(redisUrl: string): Promise<UpstashFacade> {
  const redis = new Bun.RedisClient(redisUrl)
  await redis.connect()
  const token = 'facade-token'

  async function execute(client: Bun.RedisClient, [name, ...args]: Command): Promise<Reply> {
    try {
      return { result: await client.send(name, args.map(String)) }
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
  }

  /** On a connection of its own: on a shared one, others' commands would slip in between. */
  async function transact(commands: readonly Command[]): Promise<Reply[]> {
    const client = new Bun.RedisClient(redisUrl)
    try {
      await client.connect()
      await client.send('MULTI', [])
      await Promise.all(commands.map((command) => execute(client, command)))
      const results = z.array(z.unknown()).parse(await client.send('EXEC', []))
      return results.map((result) => ({ result }))
    } finally {
      client.close()
    }
  }

  async function answer(path: string, body: unknown): Promise<Response> {
    if (path === '/pipeline') {
      const all = Commands.parse(body).map((command) => execute(redis, command))
      return Response.json((await Promise.all(all)).map(encoded))
    }
    if (path === '/multi-exec') {
      return Response.json((await transact(Commands.parse(body))).map(encoded))
    }
    const command = Command.parse(body)
    if (facade.fault === 'twice') await execute(redis, command)
    const reply = await execute(redis, command)
    return Response.json(encoded(reply), { status: 'error' in reply ? 400 : 200 })
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      facade.requests += 1
      if (facade.fault === 'unavailable') {
        return new Response('<html>Service Unavailable</html>', { status: 503 })
      }
      if (request.headers.get('authorization') !== `Bearer ${token}`) {
        return Response.json({ error: 'WRONGPASS invalid or missing auth token' }, { status: 401 })
      }
      if (request.headers.get('upstash-encoding') !== 'base64') {
        return Response.json({ error: 'ERR only base64 is spoken here' }, { status: 400 })
      }
      return answer(new URL(request.url).pathname, await request.json())
    },
  })

  const facade = {
    port: server.port ?? 0,
    token,
    requests: 0,
    fault: 'none' as UpstashFacade['fault'],
    async [Symbol.asyncDispose]() {
      await server.stop(true)
      redis.close()
    },
  }
  return facade
}

/** Every string of a result is base64, but for a literal OK. */
function encoded(reply: Reply): Reply {
  return 'error' in reply ? reply : { result: encodedValue(reply.result) }
}

function encodedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodedValue)
  if (typeof value !== 'string' || value === 'OK') return value
  return Buffer.from(value).toString('base64')
}
