import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { UsageError } from '../../src/cli/command.ts'
import { providers } from '../../src/cli/providers.ts'

async function run(...args: string[]): Promise<string> {
  const lines: string[] = []
  const code = await providers.run({ args, env: {}, print: (line) => lines.push(line) })
  expect(code).toBe(0)
  return lines.join('\n')
}

function read(file: string): Promise<string> {
  return Bun.file(join(import.meta.dir, '../..', file)).text()
}

interface Listed {
  readonly key: string
  readonly category: string
  readonly scheme: string
  readonly evidence: string
  readonly provenBy: readonly string[]
}

describe('inlet providers', () => {
  test('lists 181, of which at least 60 are proven', async () => {
    const listed = JSON.parse(await run('--json')) as readonly Listed[]
    expect(listed).toHaveLength(181)
    const proven = listed.filter(({ evidence }) => evidence === 'proven')
    expect(proven.length).toBeGreaterThanOrEqual(60)
    for (const { provenBy } of proven) expect(provenBy.length).toBeGreaterThan(0)
  })

  test('has a line for each, with its scheme and its evidence', async () => {
    const lines = (await run()).split('\n')
    expect(
      lines.filter((line) => /^stripe +Stripe +payments +hmac sha256 +proven$/.test(line)),
    ).toHaveLength(1)
    expect(lines.at(-1)).toMatch(/^181 providers, \d+ of them proven/)
  })
})

test('README and changelog count what is listed and what is proven', async () => {
  const listed = JSON.parse(await run('--json')) as readonly Listed[]
  const proven = listed.filter(({ evidence }) => evidence === 'proven')
  const readme = await read('README.md')
  const [, unreleased = ''] = (await read('CHANGELOG.md')).split(/^## /m)
  const counts = [
    /(\d+) providers are known.*?(\d+) are proven/s.exec(readme),
    // What was released stays as it was.
    /(\d+) providers, .*?(\d+) of them proven/s.exec(unreleased) ?? [],
  ].map((match) => match?.slice(1).map(Number))
  expect(counts[0]).toEqual([listed.length, proven.length])
  expect([[], counts[0]]).toContainEqual(counts[1])
})

describe('inlet providers show', () => {
  test.each(['Square', 'square', 'hubspot-v3', 'HubSpot v3'])('%s explains one', async (name) => {
    const text = await run('show', name)
    expect(text).toContain('URL to paste')
    expect(text).toContain('`INLET_URL` is')
    expect(text).toContain('What is not signed')
  })

  test('names the settings that a provider needs, and its handshake', async () => {
    const text = await run('show', 'meta')
    expect(text).toContain('INLET_CONFIG_<SOURCE>_VERIFY_TOKEN')
    expect(text).toContain('`GET` hub.challenge')
  })

  test('a wrong name is answered with the nearest', () => {
    expect(() => run('show', 'strpe')).toThrow(
      new UsageError('there is no provider "strpe": did you mean stripe?'),
    )
    expect(() => run('show', 'nothing of the kind')).toThrow('`inlet providers` lists them')
    expect(() => run('show')).toThrow('name a provider')
  })
})
