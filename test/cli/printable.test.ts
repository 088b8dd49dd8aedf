import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { oneLine, printable } from '../../src/cli/printable.ts'
import { table } from '../../src/cli/table.ts'
import { openDbWorld } from '../db/world.ts'
import { sampleEvent } from '../support/stored.ts'

setDefaultTimeout(30_000)
const COMMAND = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

/** Clears the screen, names the window, goes up a line, turns the text around. */
const HOSTILE = '\u001B[2J\u001B]0;owned\u0007\u009B1A\r\u202Eevil\u007F'

/** Nothing that a terminal obeys, but for the ends of lines and tabs. */
const CALM = /^[\P{Cc}\n\t]*$/u

test('control characters are shown, not obeyed', () => {
  expect(printable('\u001B[2J\u009B1A\u202E\u007F')).toBe(String.raw`\u001b[2J\u009b1A\u202e\u007f`)
  expect(printable('{\n\t"ça": "👩‍🚒"\n}')).toBe('{\n\t"ça": "👩‍🚒"\n}')
  expect(oneLine('a\nb\tc')).toBe(String.raw`a\u000ab\u0009c`)
})

test('JSON means the same', () => {
  expect(JSON.parse(printable(JSON.stringify({ HOSTILE })))).toEqual({ HOSTILE })
})

test('a cell of a table is no row', () => {
  expect(table(['id'], [{ id: 'a\n2' }]).split('\n')).toHaveLength(2)
})

test('no command writes what was sent to it as it is', async () => {
  await using world = await openDbWorld()
  const [type, key] = [`type ${HOSTILE}`, `key\nSEQ ${HOSTILE}`]
  await world.writer.commit(sampleEvent(`id ${HOSTILE}`, { type, key, reason: HOSTILE }))
  const runs = [['list'], ['show', '1'], ['list', '--json']].map(async (args) => {
    const child = Bun.spawn([...COMMAND, 'events', ...args], {
      env: { INLET_DATA_DIR: join(world.path, '..') },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = [child.stdout, child.stderr].map((stream) => new Response(stream).text())
    expect([args, await err]).toEqual([args, ''])
    expect(await out).toContain('owned')
    expect(await out).toMatch(CALM)
    if (args[0] === 'show') expect(await out).not.toMatch(/^SEQ /m)
  })
  await Promise.all(runs)
})
