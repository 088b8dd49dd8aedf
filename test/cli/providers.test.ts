import { describe, expect, test } from 'bun:test'
import { UsageError } from '../../src/cli/command.ts'
import { providers } from '../../src/cli/providers.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'

async function run(...args: string[]): Promise<string> {
  const lines: string[] = []
  const code = await providers.run({ args, env: {}, print: (line) => lines.push(line) })
  expect(code).toBe(0)
  return lines.join('\n')
}

interface Listed {
  readonly key: string
  readonly category: string
  readonly scheme: string
  readonly evidence: string
  readonly provenBy: readonly string[]
}

describe('inlet providers', () => {
  test('lists the whole catalogue, of which at least 60 are proven', async () => {
    const listed = JSON.parse(await run('--json')) as readonly Listed[]
    expect(listed.map(({ key }) => key)).toEqual([...CATALOGUE.keys()])
    const proven = listed.filter(({ evidence }) => evidence === 'proven')
    expect(proven.length).toBeGreaterThanOrEqual(60)
    for (const { provenBy } of proven) expect(provenBy.length).toBeGreaterThan(0)
  })

  test('has a line for each, with its scheme and its evidence', async () => {
    const lines = (await run()).split('\n')
    expect(
      lines.filter((line) => /^stripe +Stripe +payments +hmac sha256 +proven$/.test(line)),
    ).toHaveLength(1)
    expect(lines.at(-1)).toMatch(/^\d+ providers, \d+ of them proven/)
    expect(lines.at(-1)).toStartWith(`${CATALOGUE.size} providers`)
  })
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
