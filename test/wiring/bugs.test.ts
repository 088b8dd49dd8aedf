import { expect, test } from 'bun:test'
import { BrokenInvariant } from '../../src/assert.ts'
import type { LogFields } from '../../src/log.ts'
import { bugReporter } from '../../src/wiring/bugs.ts'

test('every bug is logged with where it is; what must never be ends the process', () => {
  const lines: [string, LogFields | undefined][] = []
  const write = (event: string, fields?: LogFields) => void lines.push([event, fields])
  const fatal: unknown[] = []
  const log = { debug: write, info: write, warn: write, error: write }
  const report = bugReporter(log, (error) => void fatal.push(error))

  report(new TypeError('code of null'))
  expect(fatal).toEqual([])
  const broken = new BrokenInvariant('a request has an outcome')
  report(broken)
  expect(fatal).toEqual([broken])
  expect(lines.map(([event, fields]) => [event, fields?.['reason']])).toEqual([
    ['request.failed', 'code of null'],
    ['request.failed', 'a request has an outcome'],
  ])
  expect(lines[0]?.[1]?.['stack']).toContain('bugs.test.ts')
})
