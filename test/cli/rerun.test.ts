import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { timeOf } from '../../src/cli/arguments.ts'
import { redrive, replay, republish } from '../../src/cli/rerun.ts'
import { reruns } from '../../src/cli/reruns.ts'
import { watchRerun } from '../../src/cli/watch-rerun.ts'

const Asked = z.object({ kind: z.string(), query: z.record(z.string(), z.unknown()) })

const done = {
  id: 'replay-1',
  kind: 'replay',
  query: {},
  state: 'done',
  by: 'somebody from 127.0.0.1',
  createdAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  total: 3,
  done: 2,
  failed: 0,
  records: 2,
  perSecond: 500,
  reason: '1 of 3 are gone, or no longer match',
} as const

/** An admin port that answers what it is told: what the real one says has a test of its own. */
function openPort({ events = 3 } = {}) {
  const asked: z.infer<typeof Asked>[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (request.method === 'GET') return Response.json({ reruns: [done] })
      asked.push(Asked.parse(await request.json()))
      const topics = [{ topic: 'orders', records: 3 }]
      const plan = { events, records: events, topics, isComplete: true, text: 'Sends 3 records.' }
      return Response.json(pathname.endsWith('/plan') ? plan : done)
    },
  })
  const lines: string[] = []
  const env = { INLET_ADMIN_PORT: String(server.port), USER: 'ada' }
  const context = { env, print: (line: string) => void lines.push(line) }
  return { asked, lines, context, [Symbol.asyncDispose]: () => server.stop(true) }
}

describe('inlet replay, republish, redrive', () => {
  test('say what they would do, and do nothing in a dry run', async () => {
    await using port = openPort()
    expect(await republish.run({ ...port.context, args: ['--all', '--dry-run'] })).toBe(0)
    expect(port.lines).toEqual(['Sends 3 records.\n  orders  3'])
    expect(port.asked).toEqual([{ kind: 'republish', query: {} }])
  })

  test('ask for what their options say, and tell how it ended', async () => {
    await using port = openPort()
    const args = ['--source', 'github', '--since', '2026-01-01T01:00:00+01:00', '--yes']
    expect(await replay.run({ ...port.context, args })).toBe(0)
    expect(port.asked[1]?.query).toEqual({ source: 'github', since: '2026-01-01T00:00:00.000Z' })
    expect(port.lines.at(-1)).toBe(
      'replay-1 is done: 2 done, 2 records, 1 of 3 are gone, or no longer match',
    )
  })

  test('say which of the seqs that were named lead to nothing', async () => {
    await using port = openPort()
    const args = ['1', '2', '3', '4', '4', '--yes']
    expect(await redrive.run({ ...port.context, args })).toBe(0)
    expect(port.lines[1]).toBe('1 of those named are not blocked or dead')

    await using empty = openPort({ events: 0 })
    expect(await replay.run({ ...empty.context, args: ['99999', '--yes'] })).toBe(1)
    expect(empty.lines[1]).toBe('1 of those named are not stored, or nothing to send again')
    expect(empty.asked).toHaveLength(1)
  })

  test('list what was sent again', async () => {
    await using port = openPort()
    expect(await reruns.run({ ...port.context, args: [] })).toBe(0)
    expect(port.lines[0]).toMatch(/^ID +STATE.*\nreplay-1 +done .* 2 of 3 /)
  })

  test('end with 1 where a handler failed', async () => {
    await using port = openPort()
    expect(await watchRerun({ ...done, failed: 1 }, { ...port.context, json: true })).toBe(1)
  })

  const REFUSED: readonly (readonly [string, typeof replay, readonly string[]])[] = [
    ['everything, where nobody says so', replay, []],
    ['everything and something at once', replay, ['--all', '--source', 'github']],
    ['a topic, which is for a redrive', replay, ['--topic', 'orders']],
    ['a seq that is none', redrive, ['x1']],
    ['a time that is none', redrive, ['--since', 'yesterday']],
    ['a rate that is none', republish, ['1', '--per-second', '0']],
    ['an option that is unknown', republish, ['1', '--sorce', 'github']],
    ['an action that is none', reruns, ['begin']],
  ]
  for (const [what, command, args] of REFUSED) {
    test(`refuse ${what}`, async () => {
      await using port = openPort()
      const refused = (async () => command.run({ ...port.context, args }))()
      await expect(refused).rejects.toMatchObject({ name: 'UsageError' })
      expect(port.asked.length).toBeLessThanOrEqual(1)
    })
  }

  test('say that the gateway does not run, and what to do', async () => {
    const env = { INLET_ADMIN_PORT: '1' }
    const run = replay.run({ env, args: ['--all', '--yes'], print: () => undefined })
    await expect(run).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' })
  })
})

test('a time is a date, or so long ago', () => {
  const now = Date.UTC(2026, 0, 8)
  expect(timeOf('7d', 'since', now)).toBe('2026-01-01T00:00:00.000Z')
  expect(timeOf('30m', 'since', now)).toBe('2026-01-07T23:30:00.000Z')
  expect(timeOf('2026-01-02', 'since', now)).toBe('2026-01-02T00:00:00.000Z')
  expect(timeOf(undefined, 'since', now)).toBeUndefined()
})
