import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveCallers } from '../../src/loading/callers.ts'
import { hashToken } from '../../src/caller.ts'
import { parseConfig } from '../../src/settings/config.ts'
import type { LoadedSource } from '../../src/loading/handlers.ts'
import { resolveSources } from '../../src/loading/sources.ts'
import { makeTempDir } from '../support/temp.ts'

const TOKEN = '0123456789abcdef'
const file = (name: string, provider: string): LoadedSource => ({
  file: `/handlers/${name}.ts`,
  definition: { name, provider, events: { '*': { topic: 'from-file' } } },
})

function resolve(env: Record<string, string>, loaded: readonly LoadedSource[] = []) {
  const result = parseConfig({ INLET_SINK: 'file', ...env })
  if (!result.ok) throw new Error(result.problems.join())
  return resolveCallers(result.config, loaded)
}

describe('resolveCallers', () => {
  test('a token is enough: everything goes to events.<caller>, or where INLET_TOPIC_ says', () => {
    const { callers, problems, others } = resolve({
      INLET_EVENTS_TOKEN_SHOP: TOKEN,
      INLET_EVENTS_TOKEN_BILLING: `${TOKEN}1 ${TOKEN}2`,
      INLET_TOPIC_BILLING: 'invoices',
    })

    expect(problems).toEqual([])
    expect(callers.get('shop')?.route('t')).toEqual({ topic: 'events.shop' })
    expect(callers.get('billing')?.route('t')).toEqual({ topic: 'invoices' })
    expect(callers.get('billing')?.tokenHashes).toEqual([
      hashToken(`${TOKEN}1`),
      hashToken(`${TOKEN}2`),
    ])
    expect([...others.config.sourceVariables]).toEqual([])
    expect(resolveSources(others.config, [], () => undefined).problems).toEqual([])
  })

  test('a handler file refines a caller once its token is configured', () => {
    const loaded = [file('my-shop', 'cloudevents'), file('github', 'github')]
    const { callers, others } = resolve({ INLET_EVENTS_TOKEN_MY_SHOP: TOKEN }, loaded)

    expect(callers.get('my-shop')?.route('t')).toEqual({ topic: 'from-file' })
    expect(others.loaded.map(({ definition }) => definition.name)).toEqual(['github'])
    expect(resolve({}, loaded)).toMatchObject({ inactive: ['my-shop'], problems: [] })
  })

  test('_FILE names a file with one token a line, which is watched', async () => {
    await using directory = await makeTempDir()
    const path = join(directory.path, 'token')
    writeFileSync(path, `${TOKEN}1\n${TOKEN}2\n`)
    const { callers, tokenFiles } = resolve({ INLET_EVENTS_TOKEN_SHOP_FILE: path })

    expect(callers.get('shop')?.tokenHashes).toHaveLength(2)
    expect(tokenFiles).toEqual([path])
  })

  const wrong: readonly (readonly [Record<string, string>, string])[] = [
    [{ INLET_EVENTS_TOKEN_SHOP: 'too-short' }, 'a token of less than 16'],
    [{ INLET_EVENTS_TOKEN_SHOP: `${TOKEN}ü` }, 'no Bearer header can carry'],
    [{ INLET_EVENTS_TOKEN_SHOP: ' ' }, 'is empty'],
    [{ INLET_EVENTS_TOKEN_shop: TOKEN }, 'in capitals'],
    [{ INLET_EVENTS_TOKEN_: TOKEN }, 'must end in the name of a caller'],
    [{ INLET_EVENTS_TOKEN_SHOP_FILE: '/no/such/file' }, 'a file that is not there'],
    [{ INLET_EVENTS_TOKEN_SHOP: TOKEN, INLET_EVENTS_TOKEN_SHOP_FILE: '/x' }, 'not both'],
    [
      { INLET_EVENTS_TOKEN_A: TOKEN, INLET_EVENTS_TOKEN_B: TOKEN },
      'a and b have a token in common',
    ],
    [{ INLET_EVENTS_TOKEN_SHOP: TOKEN, INLET_SOURCES: 'shop=shopify' }, 'a source has this name'],
    [{ INLET_EVENTS_TOKEN_GITHUB: TOKEN }, 'a source has this name'],
    [{ INLET_EVENTS_TOKEN_SHOP: TOKEN, INLET_TOPIC_SHOP: 'a b' }, 'no valid Kafka topic name'],
    [{ INLET_EVENTS_TOKEN_REFINED: TOKEN, INLET_TOPIC_REFINED: 'a' }, 'refined.ts decides'],
  ]
  for (const [env, problem] of wrong) {
    test(`reports, without the token: ${problem}`, () => {
      const loaded = [file('github', 'github'), file('refined', 'cloudevents')]
      const { problems } = resolve(env, loaded)

      expect(problems.join('\n')).toContain(problem)
      expect(problems.join('\n')).not.toContain(TOKEN)
    })
  }
})
