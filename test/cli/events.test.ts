import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EventDetail, EventRow, OutboxRow } from '../../src/admin-api/events.ts'
import type { Command } from '../../src/cli/command.ts'
import { events } from '../../src/cli/events.ts'
import { outbox } from '../../src/cli/outbox.ts'
import { stats } from '../../src/cli/stats.ts'
import { openDbWorld, paddedBody } from '../db/world.ts'
import { bytes, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'
import type { DbWorld } from '../db/world.ts'

describe('beside a gateway, or without one', () => {
  let world: DbWorld

  beforeAll(async () => {
    world = await openDbWorld()
    await world.writer.commit(sampleEvent('e1', { body: bytes('\u0000one\n') }))
    await world.writer.commit(sampleEvent('e2', { source: 'shop', type: 'order' }))
    await world.writer.commit(sampleEvent('e3'))
    await world.writer.mark(sampleMark(0, 2, { exceptions: [sampleException(2)] }))
  })
  afterAll(() => Promise.resolve(world[Symbol.asyncDispose]()))

  async function run(command: Command, ...args: readonly string[]) {
    const lines: string[] = []
    // Port 1 is nobody's.
    const env = { INLET_DATA_DIR: dirname(world.path), INLET_ADMIN_PORT: '1' }
    const code = await command.run({ args, env, print: (line) => void lines.push(line) })
    return { code, lines, out: lines.join('\n') }
  }

  async function refusalOf(command: Command, ...args: readonly string[]) {
    try {
      await run(command, ...args)
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
    return 'none'
  }

  test('events are listed as the API lists them', async () => {
    const { lines } = await run(events, '--json', '--source', 'github')
    const rows = lines.map((line) => EventRow.parse(JSON.parse(line)))
    const table = await run(events, 'list', '--records', 'blocked')

    expect(rows.map(({ seq, records }) => [seq, records])).toEqual([
      [3, 'pending'],
      [1, 'published'],
    ])
    expect(table.out).toMatch(/^SEQ .*\n2 .* shop .* order .* blocked/)
    expect((await run(events, '--type', 'none')).out).toBe('no events')
  })

  test('one is shown by its seq or by its id', async () => {
    const [json = ''] = (await run(events, 'show', '2', '--json')).lines

    expect(EventDetail.parse(JSON.parse(json))).toMatchObject({ seq: 2, eventId: 'e2' })
    expect((await run(events, 'show', 'e2')).out).toContain('too large')
    expect(await run(events, 'show', 'e9')).toMatchObject({ code: 1 })
  })

  test('all that match are exported, the oldest first, with their exact bytes', async () => {
    const { lines } = await run(events, 'export', '--source', 'github')
    const folder = join(dirname(world.path), 'bytes')
    const written = await run(events, 'export', '--bytes', folder, '--limit', '2')

    expect(lines.map((line) => EventDetail.parse(JSON.parse(line)).seq)).toEqual([1, 3])
    expect(written.out).toBe(`2 events in ${folder}`)
    expect(readdirSync(folder).toSorted()).toEqual(['1.bin', '2.bin'])
    expect(readFileSync(join(folder, '1.bin'), 'utf8')).toBe('\u0000one\n')
  })

  test('what is not on its topic is listed', async () => {
    const { lines } = await run(outbox, '--json')

    expect(lines.map((line) => OutboxRow.parse(JSON.parse(line)).eventSeq)).toEqual([2])
    expect((await run(outbox)).out).toMatch(/^SEQ .*\n2 .*too large/)
    const dead = await run(outbox, '--status', 'dead')
    expect(dead.out).toBe('1 pending, 0 retry, 1 blocked, 0 dead')
  })

  test('statistics are those of the file where no gateway answers', async () => {
    const [json = ''] = (await run(stats, '--json')).lines

    expect(JSON.parse(json)).toMatchObject({ stored: { events: 3, outbox: { blocked: 1 } } })
    expect((await run(stats)).out).toContain('events     3')
  })

  test('what cannot be meant is refused with what is most like it', async () => {
    expect(await refusalOf(events, '--sorce', 'x')).toBe('there is no --sorce: --source?')
    expect(await refusalOf(events, '--state', 'faild')).toEndWith(': failed?')
    expect(await refusalOf(events, 'exprt')).toEndWith(': export?')
    expect(await refusalOf(events, '--since', 'soon')).toContain('--since takes a time')
    expect(await refusalOf(outbox, '--status', 'ded')).toEndWith(': dead?')
    expect(await refusalOf(events, '--xyzzy')).toBe('there is no --xyzzy')
  })
})

test('one whose body is damaged is shown without it, and does not end an export', async () => {
  await using world = await openDbWorld()
  const body = bytes(paddedBody('a').repeat(10))
  for (const id of ['e1', 'e2', 'e3']) await world.writer.commit(sampleEvent(id, { body }))
  world.database.client.run('UPDATE chunks SET packed_hash = 0 WHERE seq = 2')
  async function run(...args: readonly string[]) {
    const lines: string[] = []
    const env = { INLET_DATA_DIR: dirname(world.path) }
    const code = await events.run({ args, env, print: (line) => void lines.push(line) })
    return { code, lines }
  }

  const shown = await run('show', '2')
  expect(shown).toMatchObject({ code: 0, lines: [expect.stringContaining('chunk 2')] })
  const exported = await run('export')
  const rows = exported.lines.map((line) => EventDetail.parse(JSON.parse(line)))
  expect(rows.map(({ seq, damage }) => [seq, damage === null])).toEqual([
    [1, true],
    [2, false],
    [3, true],
  ])
  const folder = join(dirname(world.path), 'bytes')
  const written = await run('export', '--bytes', folder)
  expect([exported.code, written.code]).toEqual([1, 1])
  expect(written.lines[0]).toBe(`2 events in ${folder}`)
  expect(readdirSync(folder).toSorted()).toEqual(['1.bin', '3.bin'])
})
