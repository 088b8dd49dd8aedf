import { describe, expect, test } from 'bun:test'
import { parseConfig } from '../src/config.ts'
import type { LoadedSource } from '../src/handler-files.ts'
import { resolveSources, type ProviderPort } from '../src/sources.ts'

/** A provider that takes every secret of eight characters or more, and one config field. */
const port: ProviderPort = {
  configFields: ['header'],
  neverRetries: false,
  requiredFields: new Map(),
  takesSecret: true,
  setUp: 'Settings, then Webhooks.',
  methods: ['POST'],
  learnsSecret: false,
  validateSecret: (secret) => (secret.length < 8 ? 'is too short' : undefined),
  compile: () => () => ({ kind: 'refused', code: 'SIGNATURE_MISSING', detail: '' }),
}

const githubFile: LoadedSource = {
  file: '/handlers/github.ts',
  definition: { name: 'github', provider: 'github', events: { '*': { topic: 't' } } },
}

function resolve(env: Record<string, string>, loaded: readonly LoadedSource[] = []) {
  const result = parseConfig({ INLET_SINK: 'file', ...env })
  if (!result.ok) throw new Error(result.problems.join())
  const known = new Set(['github', 'shopify', 'slack'])
  return resolveSources(result.config, loaded, (key) => (known.has(key) ? port : undefined))
}

describe('resolveSources', () => {
  test('a source needs no code: a name and a secret are enough', () => {
    const { sources, problems } = resolve({
      INLET_SOURCES: 'shop=shopify',
      INLET_SECRET_SHOP: 'secret-one',
    })

    expect(problems).toEqual([])
    expect(sources.get('shop')?.route('orders/create')).toEqual({ topic: 'webhooks.shop' })
  })

  test('INLET_TOPIC_ names the topic of a source without a handler file', () => {
    const env = {
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: 'secret-one',
      INLET_TOPIC_GITHUB: 'g',
    }

    expect(resolve(env).sources.get('github')?.route('push')).toEqual({ topic: 'g' })
    expect(resolve(env, [githubFile]).problems).toEqual([
      expect.stringContaining('INLET_TOPIC_GITHUB'),
    ])
  })

  test('a handler file is active only once its secret is configured', () => {
    expect(resolve({ INLET_SECRET_GITHUB: 'secret-one' }, [githubFile]).sources.has('github')).toBe(
      true,
    )
    expect(resolve({}, [githubFile])).toMatchObject({
      inactive: ['github'],
      problems: [expect.stringContaining('INLET_SECRET_GITHUB')],
    })
  })

  test('`none` is the only way to take unsigned deliveries', () => {
    const source = (secret: string) =>
      resolve({ INLET_SOURCES: 'github', INLET_SECRET_GITHUB: secret })

    expect(source('none').sources.get('github')?.unsigned).toBe(true)
    expect(source('none secret-two').sources.has('github')).toBe(false)
    expect(source(' ').problems).toEqual([expect.stringContaining('INLET_SECRET_GITHUB is empty')])
  })

  test('everything that is wrong is reported together, without a secret', () => {
    const { problems } = resolve({
      INLET_SOURCES: 'github,shop=shopify,what=nothing,slack',
      INLET_SECRET_GITHUB: 'short',
      INLET_SECRET_SHOP: 'secret-one',
      INLET_CONFIG_SHOP_COLOUR: 'red',
      INLET_SECRET_WHAT: 'secret-one',
      INLET_SECRET_OTHER: 'secret-one',
    })

    expect(problems).toEqual([
      expect.stringContaining('INLET_SECRET_OTHER'),
      expect.stringContaining('INLET_SECRET_GITHUB is too short'),
      expect.stringContaining('INLET_CONFIG_SHOP_COLOUR'),
      expect.stringContaining('"nothing"'),
      expect.stringContaining('INLET_SECRET_SLACK is required'),
    ])
    expect(problems.join()).not.toContain('secret-one')
  })

  test('a variable belongs to the source with the longest name', () => {
    const { problems } = resolve({
      INLET_SOURCES: 'my=github,my-shop=shopify',
      INLET_SECRET_MY: 'secret-one',
      INLET_SECRET_MY_SHOP: 'secret-two',
      INLET_CONFIG_MY_SHOP_HEADER: 'x-mine',
    })

    expect(problems).toEqual([])
  })
})
