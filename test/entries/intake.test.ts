import { expect, test } from 'bun:test'
import type { PortableStore } from '../../db/portable/portable-store.ts'
import { openConfiguredDoor } from '../../src/wiring/configured-door.ts'
import { intakeRoutes } from '../../src/entries/portable.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import type { NewEvent } from '../../src/event.ts'
import { noHint } from '../../src/idempotency/none.ts'
import { silentLog } from '../../src/log.ts'
import type { Sample } from '../../src/providers/sign.ts'
import { resolveServing } from '../../src/wiring/serving.ts'
import { HTTP_ENV, signed } from '../conformance/http-setup.ts'
import { manualClock } from '../support/manual-clock.ts'

const ENV = { INLET_SINK: 'file', INLET_SOURCES: 'github,asana' } as const

/** An intake whose storage says what it is told to. */
async function openIntake(commit: PortableStore['commit']) {
  const clock = manualClock()
  const handlers = { sources: [], consumers: [], problems: [] }
  const secret = HTTP_ENV['INLET_SECRET_GITHUB']
  const env = { ...ENV, INLET_SECRET_GITHUB: secret }
  const serving = await resolveServing(env, { handlers, findKeys: () => ({ kind: 'unknown' }) })
  const routes = intakeRoutes(serving, {
    clock,
    log: silentLog,
    door: openConfiguredDoor(serving.config, { clock, log: silentLog, room: () => Infinity }),
    store: { commit, commitAll: () => Promise.resolve([]), findAnswer: async () => undefined },
    hint: noHint,
    confirm: () => undefined,
  })
  return (source: string, { headers, body = new Uint8Array() }: Partial<Sample>) => {
    const init = { method: 'POST', headers: { ...headers }, body: Buffer.from(body) }
    return routes.fetch(new Request(`http://gateway/hooks/${source}`, init), { peer: '192.0.2.1' })
  }
}

test('a delivery is acknowledged once storage has it, and never before', async () => {
  const stored = Promise.withResolvers<void>()
  const events: NewEvent[] = []
  const send = await openIntake(async (event) => {
    events.push(event)
    await stored.promise
    return { kind: 'stored', seq: 1 }
  })
  const answer = Promise.resolve(send('github', signed('github', { eventId: 'id-1' })))
  const early = await Promise.race([answer, new Promise((resolve) => setImmediate(resolve))])
  stored.resolve()

  expect(early).toBeUndefined()
  expect((await answer).status).toBe(202)
  expect(events).toMatchObject([{ source: 'github', eventId: 'id-1', state: 'accepted' }])
})

test('what storage refuses may come again, and its reason stays inside', async () => {
  const send = await openIntake(() =>
    Promise.reject(new GatewayError('STORAGE_FAILED', 'no space on /data')),
  )
  const answer = await send('github', signed('github'))

  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await answer.text()).not.toContain('/data')
})

test('no secret is learnt: there is nobody to wait for it', async () => {
  const send = await openIntake(() => Promise.reject(new Error('not called')))
  const answer = await send('asana', { headers: { 'x-hook-secret': 'of-anybody-0123456789' } })

  expect(answer.status).toBe(403)
})
