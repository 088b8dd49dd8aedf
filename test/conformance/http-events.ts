/** What `POST /events` answers. */
import { expect } from 'bun:test'
import { randomUuid } from '../../src/ids.ts'
import { ask, cloudEvent, postEvents, postRaw, problemOf, verdict } from './http-requests.ts'
import { TOKENS, type FindTarget } from './http-setup.ts'
import type { DeclareCase } from './suite.ts'

const STRANGER = '203.0.113.2'

export function declareEventsCases(declareCase: DeclareCase, find: FindTarget): void {
  declareModeCases(declareCase, find)
  declareRefusalCases(declareCase, find)
  declareKeyCases(declareCase, find)
}

function declareModeCases(declareCase: DeclareCase, find: FindTarget): void {
  declareCase('an event in the structured mode is taken once, and known again', async () => {
    const event = cloudEvent({ data: { n: 1 } })
    expect(verdict(await postEvents(find(), event))).toEqual([202, null])
    expect(verdict(await postEvents(find(), event))).toEqual([200, '1'])
  })

  declareCase('an event is the same one in the binary mode, and without data', async () => {
    const event = cloudEvent({ subject: 'ü' })
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-source': '/shop',
      'ce-type': 'order.placed',
      'ce-subject': '%C3%BC',
      'content-type': 'image/png',
    }
    expect(verdict(await postRaw(find(), 'any bytes', { headers }))).toEqual([202, null])
    expect(verdict(await postRaw(find(), '', { headers }))).toEqual([200, '1'])
    expect(verdict(await postEvents(find(), event))).toEqual([200, '1'])
  })

  declareCase(
    'a batch is taken whole: 202 where any of it is new, and an empty one is fine',
    async () => {
      const [a, b] = [cloudEvent(), cloudEvent()]
      expect(verdict(await postEvents(find(), [a]))).toEqual([202, null])
      expect(verdict(await postEvents(find(), [a, b, b]))).toEqual([202, null])
      expect(verdict(await postEvents(find(), [b, a]))).toEqual([200, '1'])
      expect(verdict(await postEvents(find(), []))).toEqual([200, null])
    },
  )

  declareCase('an event is its caller’s, and its source’s', async () => {
    const event = cloudEvent({ type: 'order.paid', data: { total: 1 } })
    const elsewhere = { ...event, source: '/shop/2' }
    for (const as of ['shop', 'orders'] as const) {
      expect(verdict(await postEvents(find(), event, { as }))).toEqual([202, null])
      expect(verdict(await postEvents(find(), elsewhere, { as }))).toEqual([202, null])
      expect(verdict(await postEvents(find(), event, { as }))).toEqual([200, '1'])
    }
  })
}

function declareRefusalCases(declareCase: DeclareCase, find: FindTarget): void {
  declareCase('nobody comes in without the token of a caller', async () => {
    const init = (headers: Record<string, string>) => ({
      method: 'POST',
      headers: { 'x-forwarded-for': STRANGER, 'content-type': 'application/json', ...headers },
      body: '{}',
    })
    for (const headers of [{}, { authorization: `Bearer ${TOKENS.shop}x` }]) {
      const answer = await ask(`${find().url}/events`, init(headers))
      expect(problemOf(answer)).toMatchObject({ status: 401, code: 'TOKEN_REFUSED' })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    const hook = await ask(
      `${find().url}/hooks/shop`,
      init({ authorization: `Bearer ${TOKENS.shop}` }),
    )
    expect(problemOf(hook)).toMatchObject({ status: 404, code: 'SOURCE_UNKNOWN' })
  })

  declareCase('a body that is no event is refused: 400, 415', async () => {
    const structured = { 'content-type': 'application/cloudevents+json' }
    const answers = [
      await postRaw(find(), '{"specversion":', { headers: structured }),
      await postRaw(find(), '[]', { headers: structured }),
      await postRaw(find(), '{}', { headers: { 'content-type': 'application/json' } }),
      await postRaw(find(), '<a/>', { headers: { 'content-type': 'application/cloudevents+xml' } }),
    ]
    expect(answers.map(problemOf).map(({ status, code }) => [status, code])).toEqual([
      [400, 'REQUEST_MALFORMED'],
      [400, 'REQUEST_MALFORMED'],
      [415, 'MEDIA_TYPE_UNSUPPORTED'],
      [415, 'MEDIA_TYPE_UNSUPPORTED'],
    ])
  })

  declareCase(
    'an event that is not valid is refused with all of its issues, and its batch with it',
    async () => {
      const good = cloudEvent({ type: 'order.paid', data: { total: 1 } })
      const wrong = cloudEvent({ specversion: '0.3', time: 'now' })
      const mismatch = cloudEvent({ type: 'order.paid', data: { total: 'much' } })
      const invalid = problemOf(await postEvents(find(), [good, wrong], { as: 'orders' }))
      const unmatched = problemOf(await postEvents(find(), [mismatch, good], { as: 'orders' }))

      expect(invalid).toMatchObject({ status: 422, code: 'EVENT_INVALID' })
      expect(invalid.issues?.map(({ element, at }) => [element, at]).toSorted()).toEqual([
        [1, 'specversion'],
        [1, 'time'],
      ])
      expect(unmatched).toMatchObject({ status: 422, code: 'EVENT_INVALID' })
      expect(unmatched.issues?.map(({ element, at }) => [element, at])).toEqual([[0, 'data.total']])
      // Nothing of either batch was stored.
      expect(verdict(await postEvents(find(), good, { as: 'orders' }))).toEqual([202, null])
    },
  )

  declareCase('a handler that fails is our fault: 500, and nothing is stored', async () => {
    const broken = cloudEvent({ type: 'order.broken' })
    const first = await postEvents(find(), broken, { as: 'orders' })
    const second = await postEvents(find(), broken, { as: 'orders' })

    expect(problemOf(first)).toMatchObject({ status: 500, code: 'HANDLER_FAILED' })
    expect(first.text).not.toContain('business')
    expect(second.status).toBe(500)
  })
}

function declareKeyCases(declareCase: DeclareCase, find: FindTarget): void {
  const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })

  declareCase('an Idempotency-Key brings the first answer again, quoted or not', async () => {
    const key = randomUuid()
    const event = cloudEvent()
    const first = await postEvents(find(), event, withKey(key))
    expect(verdict(first)).toEqual([202, null])
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    for (const form of [key, `"${key}"`]) {
      const again = await postEvents(find(), event, withKey(form))
      expect(verdict(again)).toEqual([202, null])
      expect(again.headers.get('idempotency-replayed')).toBe('true')
    }
    // It is that caller's own.
    const other = cloudEvent({ type: 'order.paid', data: { total: 1 } })
    expect(verdict(await postEvents(find(), other, { as: 'orders', ...withKey(key) }))).toEqual([
      202,
      null,
    ])
  })

  declareCase('a key with another content is refused, and one that cannot be read', async () => {
    const key = randomUuid()
    expect((await postEvents(find(), cloudEvent(), withKey(key))).status).toBe(202)
    const reused = problemOf(await postEvents(find(), cloudEvent(), withKey(key)))
    expect(reused).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
    const unread = problemOf(await postEvents(find(), cloudEvent(), withKey('"a')))
    expect(unread).toMatchObject({ status: 400, code: 'REQUEST_MALFORMED' })
  })

  declareCase('a refused request leaves its key free', async () => {
    const key = randomUuid()
    const options = { as: 'orders', ...withKey(key) } as const
    const wrong = cloudEvent({ type: 'order.paid', data: { total: 'much' } })
    expect((await postEvents(find(), wrong, options)).status).toBe(422)
    const right = cloudEvent({ type: 'order.paid', data: { total: 1 } })
    expect(verdict(await postEvents(find(), right, options))).toEqual([202, null])
  })

  declareCase(
    'while the first request with a key runs, others with it are told to wait',
    async () => {
      const event = cloudEvent({ type: 'order.slow' })
      const options = { as: 'orders', ...withKey(randomUuid()) } as const
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => postEvents(find(), event, options)),
      )
      const inUse = answers.filter(({ status }) => status === 409)
      const replayed = answers.filter(({ headers }) => headers.has('idempotency-replayed'))

      expect(inUse.length).toBeGreaterThan(0)
      for (const answer of inUse) expect(problemOf(answer).code).toBe('IDEMPOTENCY_KEY_IN_USE')
      expect(replayed.map(({ status }) => status)).toEqual(replayed.map(() => 202))
      expect(inUse.length + replayed.length).toBe(answers.length - 1)
    },
  )
}
