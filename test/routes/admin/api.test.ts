import { expect, test } from 'bun:test'
import { Sources } from '../../../src/admin-api/admin-api.ts'
import { openAdmin, TOKEN } from './world.ts'

test('a problem says what is wrong with a request', async () => {
  const { ask } = openAdmin()
  const answers = [
    await ask('/api/sources/nobody/pair', { method: 'POST' }),
    await ask('/api/nothing'),
    await ask('/api/login', { method: 'POST', json: {} }),
    await ask('/api/login', { method: 'POST', json: { token: 'x'.repeat(70_000) } }),
  ]

  expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([
    [404, 'SOURCE_UNKNOWN'],
    [404, 'ROUTE_UNKNOWN'],
    [400, 'REQUEST_MALFORMED'],
    [413, 'BODY_TOO_LARGE'],
  ])
  expect(answers[2]?.body['detail']).toContain('token')
})

test('the document describes what is answered', async () => {
  const { ask } = openAdmin()
  const { body } = await ask('/api/openapi.json')
  const answer = await ask('/api/sources')

  expect(body['openapi']).toBe('3.1.0')
  expect(Object.keys(body['paths'] as object)).toContain('/api/sources/{name}/pair')
  expect(Sources.safeParse(answer.body).error).toBeUndefined()
})

test('the API is behind the guard', async () => {
  const { ask } = openAdmin({ token: TOKEN })

  expect((await ask('/api/openapi.json')).status).toBe(401)
  expect((await ask('/api/sources', { authorization: `Bearer ${TOKEN}` })).status).toBe(200)
})
