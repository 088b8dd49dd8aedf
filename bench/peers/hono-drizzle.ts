// A receiver as it is often written first: Hono and Drizzle as their guides show them, and one
// transaction a request. `PORT=… DATABASE=… SECRET=… bun hono-drizzle.ts`
import { createHmac, timingSafeEqual } from 'node:crypto'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { Hono } from 'hono'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'

const { PORT = '', DATABASE = '', SECRET = '' } = process.env
const TOLERANCE_SECONDS = 300

const inbox = sqliteTable('inbox', {
  id: integer('id').primaryKey(),
  eventId: text('event_id').notNull().unique(),
  type: text('type').notNull(),
  receivedAt: integer('received_at').notNull(),
  payload: text('payload').notNull(),
})
const outbox = sqliteTable('outbox', {
  id: integer('id').primaryKey(),
  inboxId: integer('inbox_id')
    .notNull()
    .references(() => inbox.id),
  topic: text('topic').notNull(),
  key: text('key').notNull(),
})
const db = drizzle(DATABASE)
db.run('pragma journal_mode = WAL')
db.run('pragma synchronous = FULL')
db.run(`create table inbox (id integer primary key, event_id text not null unique,
  type text not null, received_at integer not null, payload text not null)`)
db.run(`create table outbox (id integer primary key,
  inbox_id integer not null references inbox (id), topic text not null, key text not null)`)

const Event = z.looseObject({ id: z.string(), type: z.string() })

function isSigned(header: string, body: string): boolean {
  const parts = new Map(header.split(',').map((part) => [part.slice(0, 1), part] as const))
  const signedAt = parts.get('t')?.slice('t='.length) ?? ''
  const age = Math.abs(systemClock.now() / 1000 - Number(signedAt))
  if (!(age <= TOLERANCE_SECONDS)) return false
  const expected = createHmac('sha256', SECRET).update(`${signedAt}.${body}`).digest()
  const given = Buffer.from(parts.get('v')?.slice('v1='.length) ?? '', 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Whether the event is new. */
function store({ id, type }: z.infer<typeof Event>, payload: string): boolean {
  return db.transaction((tx) => {
    const stored = tx
      .insert(inbox)
      .values({ eventId: id, type, receivedAt: systemClock.now(), payload })
      .onConflictDoNothing()
      .returning({ id: inbox.id })
      .all()
    for (const row of stored) {
      tx.insert(outbox).values({ inboxId: row.id, topic: 'webhooks.stripe', key: id }).run()
    }
    return stored.length > 0
  })
}

const app = new Hono()
app.get('/', (c) => c.body(null, 204))
app.post('/hooks/stripe', async (c) => {
  const body = await c.req.text()
  if (!isSigned(c.req.header('stripe-signature') ?? '', body)) return c.body(null, 401)
  return c.body(null, store(Event.parse(JSON.parse(body)), body) ? 202 : 200)
})
const server = Bun.serve({ hostname: '127.0.0.1', port: Number(PORT), fetch: app.fetch })
process.once('SIGTERM', () => {
  void server.stop(true)
  db.$client.close()
})
