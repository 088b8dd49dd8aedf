// The limit that ingest is measured against: reads the body, answers 202, does nothing else.
// `bun bench/bare.ts <port>`
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  routes: {
    '/hooks/:source': {
      async POST(request) {
        await request.bytes()
        return new Response(null, { status: 202 })
      },
    },
  },
  fetch: () => new Response(null, { status: 204 }),
})
process.once('SIGTERM', () => void server.stop(true))
