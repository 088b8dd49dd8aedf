import { expect, test } from 'bun:test'
import { meaningOf } from '../../src/cli/send-answer.ts'

const read = (status: number, headers: Record<string, string> = {}) =>
  meaningOf(new Response(null, { status, headers }))

test('an event is new in whatever status its provider wants it acknowledged', () => {
  for (const status of [200, 202, 204]) expect(read(status).isNew).toBe(true)
})

test('a duplicate and a probe store nothing, in whatever status', () => {
  for (const status of [200, 204]) {
    expect(read(status, { 'inlet-duplicate': '1' })).toMatchObject({
      text: 'a duplicate: nothing new is stored',
      isNew: false,
    })
    const probe = read(status, { 'x-content-type-options': 'nosniff' })
    expect(probe).toMatchObject({ isNew: false })
    expect(probe.text).toStartWith('a probe')
  }
})

test('a refusal stores nothing', () => {
  for (const status of [400, 401, 404, 503]) expect(read(status).isNew).toBe(false)
  expect(read(401).text).toContain('compare the secrets')
})
