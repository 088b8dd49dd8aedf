// A receiver as an experienced team writes it on Node: Fastify, better-sqlite3, prepared statements,
// synchronous=FULL, and one transaction for all requests that one turn of the event loop has read.
// `PORT=… DATABASE=… SECRET=… node fastify.js`
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call,
   typescript/no-unsafe-member-access, typescript/no-unsafe-return, typescript/no-unsafe-argument
   -- plain JavaScript, and its packages are installed only where the peers are measured */
import { createHmac, timingSafeEqual } from 'node:crypto'
import Database from 'better-sqlite3'
import Fastify from 'fastify'

const { PORT, DATABASE, SECRET } = process.env
const TOLERANCE_SECONDS = 300

const database = new Database(DATABASE)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.exec(`
  create table inbox (
    id integer primary key,
    event_id text not null unique,
    type text not null,
    received_at integer not null,
    payload blob not null
  );
  create table outbox (
    id integer primary key,
    inbox_id integer not null references inbox (id),
    topic text not null,
    key text not null
  )`)
const insertInbox = database.prepare(
  `insert into inbox (event_id, type, received_at, payload) values (?, ?, ?, ?)
   on conflict (event_id) do nothing`,
)
const insertOutbox = database.prepare('insert into outbox (inbox_id, topic, key) values (?, ?, ?)')

/** Stores events, and says of each whether it is new. */
const store = database.transaction((events) =>
  events.map(({ id, type, body }) => {
    const { changes, lastInsertRowid } = insertInbox.run(id, type, Date.now(), body)
    if (changes === 0) return false
    insertOutbox.run(lastInsertRowid, 'webhooks.stripe', id)
    return true
  }),
)

let waiting = []

/** Resolves once the event is on disk. */
function commit(event) {
  if (waiting.length === 0) setImmediate(commitWaiting)
  return new Promise((resolve, reject) => waiting.push({ event, resolve, reject }))
}

function commitWaiting() {
  const group = waiting
  waiting = []
  try {
    const isNew = store(group.map(({ event }) => event))
    for (const [n, { resolve }] of group.entries()) resolve(isNew[n])
  } catch (error) {
    for (const { reject } of group) reject(error)
  }
}

function isSigned(header, body) {
  const parts = new Map(header.split(',').map((part) => part.split('=', 2)))
  const signedAt = parts.get('t')
  if (!(Math.abs(Date.now() / 1000 - signedAt) <= TOLERANCE_SECONDS)) return false
  const expected = createHmac('sha256', SECRET).update(`${signedAt}.`).update(body).digest()
  const given = Buffer.from(parts.get('v1') ?? '', 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const server = Fastify({ logger: false })
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
)
server.get('/', (_request, reply) => reply.code(204).send())
server.post('/hooks/stripe', async (request, reply) => {
  const { body } = request
  if (!isSigned(request.headers['stripe-signature'] ?? '', body)) return reply.code(401).send()
  const { id, type } = JSON.parse(body.toString())
  const isNew = await commit({ id, type, body })
  return reply.code(isNew ? 202 : 200).send()
})
process.once('SIGTERM', () => {
  void server.close().then(() => database.close())
})
await server.listen({ host: '127.0.0.1', port: Number(PORT) })
