import { expect, test } from 'bun:test'
import { flushLast, LAST_LINES_MS_MAX } from '../src/stdout-log.ts'
import { manualClock } from './support/manual-clock.ts'

/** Prints what the log writes of these fields. */
async function linesOf(fields: object): Promise<string> {
  const script = `
    import { openLog } from './src/stdout-log.ts'
    const log = openLog('info', 'gateway')
    log.debug('not.shown')
    log.warn('a.b', ${JSON.stringify(fields)})
    await log.flush()`
  const command = [process.execPath, '-e', script]
  await using child = Bun.spawn(command, { cwd: `${import.meta.dir}/..`, stdout: 'pipe' })
  return await child.stdout.text()
}

test('a line is JSON of a name with fields, and nothing that a terminal obeys', async () => {
  const text = '{x} \u001b \u007f \u009b "\n \ud800'
  const output = await linesOf({ text, count: 1, none: null })
  expect(output.endsWith('\n')).toBe(true)
  expect(output.trimEnd()).toMatch(/^[\u0020-\u007e]*$/)
  const line: unknown = JSON.parse(output)
  expect(line).toEqual({
    '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    level: 'WARN',
    message: 'a.b',
    logger: 'inlet.gateway',
    text,
    count: 1,
    none: null,
  })
})

test('the last lines are waited for, a reader that has stopped is not, and no timer stays', async () => {
  const clock = manualClock()
  await flushLast({ flush: () => Promise.resolve() }, clock)
  expect(clock.sleepers).toBe(0)

  const stopped = flushLast({ flush: () => Promise.withResolvers<void>().promise }, clock)
  expect(clock.sleepers).toBe(1)
  clock.advance(LAST_LINES_MS_MAX)
  await stopped
})
